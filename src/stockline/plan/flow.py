"""Cheapest circulations: what flows around a network of arcs at the least cost, and what could flow instead.

A circulation is cheapest when no cycle of free arcs has a negative cost. It is the only one when no cycle of free arcs
costs nothing, apart from going back on the same arc. Costs and amounts are integers, so both are decided exactly.
"""

from heapq import heappop, heappush

PIVOT = 0
"""The node that every cycle of negative cost passes when `Circulation.minimize` is called."""
_RETURN = 1
"""The pivot seen as the end of a way: every arc into it leads here."""

UNLIMITED = 1 << 60


class Circulation:
    """A network with a circulation on it. Arcs are numbered in pairs: an even one, and what can be taken back of it."""

    def __init__(self) -> None:
        self._heads: list[int] = []
        self._tails: list[int] = []
        self._costs: list[int] = []
        self._free: list[int] = []
        self._leaving: list[list[int]] = [[], []]
        self._heights = [0, 0]
        self._areas: list[int] = []

    def node(self) -> int:
        """A new node."""
        self._leaving.append([])
        self._heights.append(0)
        return len(self._heights) - 1

    def arc(self, tail: int, head: int, cost: int, room: int = UNLIMITED, flow: int = 0) -> int:
        """A new arc for at most `room`, of which `flow` is used already; `cost` is for one."""
        number = len(self._heads)
        self._add(tail, head, cost, room - flow)
        self._add(head, tail, -cost, flow)
        return number

    def _add(self, tail: int, head: int, cost: int, free: int) -> None:
        self._leaving[tail].append(len(self._heads))
        self._tails.append(tail)
        self._heads.append(_RETURN if head == PIVOT else head)
        self._costs.append(cost)
        self._free.append(free)

    # ------------------------------------------------------------ the cheapest

    def minimize(self) -> None:
        """Make the circulation a cheapest one; as it is given, every cycle of negative cost must pass the pivot.

        Primal-dual: heights keep every free arc from costing less than nothing, except around the pivot; what a way
        around the pivot still gains shrinks from phase to phase, until nothing is gained.
        """
        self._settle_heights()
        while self._climb():
            self._augment()
        self._areas = self._connected()

    def _slack(self, arc: int) -> int:
        """What the arc costs beyond the difference of heights; never negative while the arc is free."""
        return self._costs[arc] + self._heights[self._tails[arc]] - self._heights[self._heads[arc]]

    def _settle_heights(self) -> None:
        """The first heights: away from the pivot the cheapest way to each node, at the pivot whatever allows these."""
        heights = self._heights
        inner = [
            arc for arc, free in enumerate(self._free) if free and self._tails[arc] and self._heads[arc] != _RETURN
        ]
        lowered = True
        while lowered:
            lowered = False
            for arc in inner:
                if self._slack(arc) < 0:
                    heights[self._heads[arc]] += self._slack(arc)
                    lowered = True
        out = [heights[self._heads[arc]] - self._costs[arc] for arc in self._leaving[PIVOT] if self._free[arc]]
        back = [
            heights[self._tails[arc]] + self._costs[arc]
            for arc, head in enumerate(self._heads)
            if head == _RETURN and self._free[arc]
        ]
        heights[PIVOT] = max(out, default=0)
        heights[_RETURN] = min([*back, heights[PIVOT]])

    def _climb(self) -> bool:
        """Raise the heights until a way around the pivot has no slack; False when none gains any more."""
        gain = self._heights[PIVOT] - self._heights[_RETURN]
        distances = self._distances(gain)
        for node, distance in enumerate(distances):
            self._heights[node] += min(distance, distances[_RETURN])
        return distances[_RETURN] < gain

    def _distances(self, limit: int) -> list[int]:
        """The least slack on a way from the pivot to each node, as far as it is below the limit (Dijkstra)."""
        distances = [limit] * len(self._heights)
        distances[PIVOT] = 0
        queue = [(0, PIVOT)]
        while queue:
            distance, node = heappop(queue)
            if distance >= distances[_RETURN]:
                break
            if distance > distances[node]:
                continue
            for arc in self._leaving[node]:
                if self._free[arc]:
                    head, reached = self._heads[arc], distance + self._slack(arc)
                    if reached < distances[head]:
                        distances[head] = reached
                        heappush(queue, (reached, head))
        return distances

    def _augment(self) -> None:
        """Send what can be sent around the pivot on arcs without slack; arcs given up are not tried again."""
        given_up = [0] * len(self._leaving)
        way: list[int] = []
        node, seen = PIVOT, {PIVOT}
        while True:
            if node == _RETURN:
                self._push(way)
                way, node, seen = [], PIVOT, {PIVOT}
            elif given_up[node] < len(self._leaving[node]):
                arc = self._leaving[node][given_up[node]]
                if self._free[arc] and self._heads[arc] not in seen and self._slack(arc) == 0:
                    way.append(arc)
                    node = self._heads[arc]
                    seen.add(node)
                else:
                    given_up[node] += 1
            elif way:
                node = self._tails[way.pop()]
                given_up[node] += 1
            else:
                return

    def _push(self, way: list[int]) -> None:
        amount = min(self._free[arc] for arc in way)
        for arc in way:
            self._free[arc] -= amount
            self._free[arc ^ 1] += amount

    # ------------------------------------------------------------ what could flow instead

    def is_possible(self, arc: int) -> bool:
        """Whether some cheapest circulation uses the arc."""
        if self._free[arc ^ 1]:
            return True
        return self._slack(arc) == 0 and self._area(self._tails[arc]) == self._area(self._heads[arc])

    def bounds(self, arc: int) -> tuple[int, int]:
        """The least and the most that the arc's cost allows it to carry in a cheapest circulation."""
        slack, room = self._slack(arc), self._free[arc] + self._free[arc ^ 1]
        return (room if slack < 0 else 0), (0 if slack > 0 else room)

    def _area(self, node: int) -> int:
        return self._areas[PIVOT if node == _RETURN else node]

    def _connected(self) -> list[int]:
        """For each node the area it can leave and come back to without cost (strong components, after Kosaraju)."""
        ahead: list[list[int]] = [[] for _ in self._leaving]
        behind: list[list[int]] = [[] for _ in self._leaving]
        for arc, free in enumerate(self._free):
            if free and self._slack(arc) == 0:
                tail, head = self._tails[arc], PIVOT if self._heads[arc] == _RETURN else self._heads[arc]
                ahead[tail].append(head)
                behind[head].append(tail)
        areas = [-1] * len(ahead)
        for root in reversed(_finished(ahead)):
            if areas[root] < 0:
                areas[root] = root
                reached = [root]
                for node in reached:
                    fresh = [tail for tail in behind[node] if areas[tail] < 0]
                    reached += fresh
                    for tail in fresh:
                        areas[tail] = root
        return areas


def _finished(ahead: list[list[int]]) -> list[int]:
    """All nodes in the order a depth-first search is done with them."""
    order: list[int] = []
    started = [False] * len(ahead)
    following = [iter(heads) for heads in ahead]
    for root in range(len(ahead)):
        walk = [] if started[root] else [root]
        started[root] = True
        while walk:
            head = next((head for head in following[walk[-1]] if not started[head]), None)
            if head is None:
                order.append(walk.pop())
            else:
                started[head] = True
                walk.append(head)
    return order

"""The log of resynchronizations: a row a run, how far it is, what it left alone (RS-10, RS-18)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from stockline.plan.repair import Action
from stockline.results import ResyncAction, ResyncLeft, ResyncProgress
from stockline.schema.resync import resync_left, resync_run
from stockline.store.database import Transaction

AUTOMATIC, MANUAL, UNDO = "automatic", "manual", "undo"
RUNNING, CANCELLING, CANCELLED, FAILED, DONE = "running", "cancelling", "cancelled", "failed", "done"
UNDER_WAY = (RUNNING, CANCELLING)
PROGRESS = ("items_found", "items_done", "cases_found", "cases_done", "lines_read", "serials_read", "seconds")
"""How far a run is."""


def begin_run(transaction: Transaction, kind: str, **about: Any) -> int:
    """Enter a run; its number."""
    number = transaction.next_number()
    state = RUNNING if kind == AUTOMATIC else DONE
    transaction.execute(insert(resync_run).values(id=number, kind=kind, state=state, **about))
    return number


_NOTE = update(resync_run).where(resync_run.c.id == bindparam("run"))
_STATE = select(resync_run.c.state).where(resync_run.c.id == bindparam("run"))


def note_run(transaction: Transaction, progress: ResyncProgress, **facts: str) -> None:
    """Write how far a run is."""
    counts = {name: getattr(progress, name) for name in PROGRESS}
    transaction.execute(_NOTE.values(**counts, **facts), {"run": progress.run})


def state_of(transaction: Transaction, run: int) -> str | None:
    """The state of a run; None for one that is not known."""
    return transaction.execute(_STATE, {"run": run}).scalar()


def note_left(transaction: Transaction, run: int, item_id: int, first: int, left: Sequence[ResyncLeft]) -> None:
    """Write down the cases of an item that were left, under positions from `first` on."""
    rows = [
        {
            "item_id": item_id,
            "run_id": run,
            "position": first + place,
            "variant": case.variant,
            "cause": case.cause,
            "message": case.message,
            "lines": list(case.lines),
            "serials": list(case.serials),
            "plans": [[_facts(action) for action in plan] for plan in case.plans],
        }
        for place, case in enumerate(left)
    ]
    transaction.execute(insert(resync_left), rows)


def _facts(action: ResyncAction) -> dict[str, Any]:
    facts = ("action", "variant", "serial", "from_line", "to_line", "reason")
    return {name: getattr(action, name) for name in facts}


def told(item: str, action: Action) -> ResyncAction:
    """An action as it is answered."""
    return ResyncAction(
        item=item,
        action=action.name,
        variant=action.variant,
        serial=action.serial or None,
        from_line=action.from_line,
        to_line=action.to_line,
        reason=str(action.reason),
    )

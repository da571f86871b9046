"""The tracking code of an item: which numbers it must carry, and on which movements (TW-1 to TW-5)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from stockline.values import ValueProblem

NumberKind = Literal["serial", "lot", "package"]
NUMBER_KINDS: tuple[NumberKind, ...] = ("serial", "lot", "package")

TrackingPolicy = Literal["none", "specific"] | Sequence[str]
"""How one kind of number is tracked: not, on every movement, or on the occasions listed (empty: free entry)."""

OCCASIONS = (
    "purchase_in",
    "purchase_out",
    "sale_in",
    "sale_out",
    "positive_adjustment",
    "negative_adjustment",
    "output",
    "consumption",
    "assembly_in",
    "assembly_out",
    "transfer",
    "warehouse",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingCode:
    """The rule set that says which numbers an item must carry, and when.

    `use_expiration` left None is on when expiration is required or strict (TW-5). `expires_after` and `warranty_days`
    are days from the posting date.
    """

    serial: TrackingPolicy = "none"
    lot: TrackingPolicy = "none"
    package: TrackingPolicy = "none"
    use_expiration: bool | None = None
    require_expiration: bool = False
    strict_expiration: bool = False
    require_warranty: bool = False
    serial_info_must_exist: bool = False
    lot_info_must_exist: bool = False
    package_info_must_exist: bool = False
    create_serial_info: bool = False
    create_lot_info: bool = False
    create_package_info: bool = False
    expires_after: int | None = None
    warranty_days: int | None = None

    def policy(self, kind: NumberKind) -> TrackingPolicy:
        """How one kind of number is tracked."""
        policies: dict[NumberKind, TrackingPolicy] = {"serial": self.serial, "lot": self.lot, "package": self.package}
        return policies[kind]

    @property
    def tracked(self) -> bool:
        """Whether the item takes numbers at all (TW-1)."""
        return any(self.policy(kind) != "none" for kind in NUMBER_KINDS)

    @property
    def uses_expiration(self) -> bool:
        """Whether numbers of the item carry an expiration date (TW-5)."""
        return bool(self.use_expiration) or self.require_expiration or self.strict_expiration

    def steers(self, kind: NumberKind) -> bool:
        """Whether the kind is specific: an issue takes the very number that is in stock (TW-2)."""
        return self.policy(kind) == "specific"

    def requires(self, kind: NumberKind, occasion: str) -> bool:
        """Whether a movement of this occasion must carry a number of the kind (TW-2, TW-3)."""
        policy = self.policy(kind)
        return policy == "specific" or (policy != "none" and occasion in policy)

    def creates_card(self, kind: NumberKind) -> bool:
        """Whether posting a number of the kind makes its information card (PO-34)."""
        creates = {
            "serial": self.create_serial_info,
            "lot": self.create_lot_info,
            "package": self.create_package_info,
        }
        return creates[kind]

    def demands_card(self, kind: NumberKind) -> bool:
        """Whether a number of the kind is posted only with an information card (TW-40, PK-5)."""
        demands = {
            "serial": self.serial_info_must_exist,
            "lot": self.lot_info_must_exist,
            "package": self.package_info_must_exist,
        }
        return demands[kind]

    def checked(self) -> "TrackingCode":
        """Itself, if it makes sense.

        Raises:
            ValueProblem: an unknown policy or occasion, or dates switched off that are required or strict (TW-5).
        """
        for kind in NUMBER_KINDS:
            policy = self.policy(kind)
            unknown = [] if policy in ("none", "specific") else [name for name in policy if name not in OCCASIONS]
            if isinstance(policy, str) and policy not in ("none", "specific"):
                raise ValueProblem(f"{kind} tracking cannot be {policy!r}: none, specific or a list of occasions")
            if unknown:
                raise ValueProblem(f"{', '.join(unknown)}: no such occasion for {kind} tracking")
        if self.use_expiration is False and (self.require_expiration or self.strict_expiration):
            raise ValueProblem("expiration dates cannot be required or strict without being used")
        for name in ("expires_after", "warranty_days"):
            days = getattr(self, name)
            if days is not None and days < 0:
                raise ValueProblem(f"{name} is {days}: a number of days cannot be negative")
        return self


def tracking_to_json(code: TrackingCode) -> dict[str, Any]:
    """The form kept in the database: what differs from the default."""
    default = asdict(TrackingCode())
    return {name: value for name, value in asdict(code).items() if value != default[name]}


def tracking_from_json(values: Mapping[str, Any]) -> TrackingCode:
    """The tracking code kept in the database."""
    return TrackingCode(**values)

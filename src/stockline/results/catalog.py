"""Places as a person gives them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place inside a site. Category `put_away`: what lies there awaits put-away (ST-9)."""

    id: str
    category: str = ""

"""Requests that may be sent again: the same key and content is answered as before, and nothing is done twice."""

import datetime as dt
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import insert, select

from stockline.codes import Code
from stockline.refusal import Refusal
from stockline.results import Posting
from stockline.schema.system import answered_request
from stockline.store.database import Transaction
from stockline.values import NUMBER_LENGTH


@dataclass(frozen=True, slots=True)
class Request:
    """A request with the key its sender gave it; `content` is a dataclass with all that was asked."""

    key: str
    operation: str
    content: Any

    @property
    def digest(self) -> str:
        """Stands for the content: equal for equal requests only."""
        written = json.dumps(asdict(self.content), sort_keys=True, default=str)
        return hashlib.sha256(written.encode()).hexdigest()


def answer_once(
    transaction: Transaction, request: Request, now: dt.datetime, work: Callable[[Transaction], Posting]
) -> Posting:
    """Do the work and keep its answer, or give the answer kept.

    What was refused is not kept: it may be sent again. Refused `invalid` for a key that was used for something else.
    """
    if not 0 < len(request.key) <= NUMBER_LENGTH:
        raise Refusal.of(Code.INVALID, f"A key has 1 to {NUMBER_LENGTH} characters.")
    asked = {"operation": request.operation, "content": request.digest}
    query = select(answered_request).where(answered_request.c.key == request.key)
    kept = transaction.execute(query).mappings().one_or_none()
    if kept is None:
        answer = work(transaction)
        figures = {"number": answer.number, "entries": answer.entries, "entry": answer.entry}
        values = {"key": request.key, "answer": figures, "answered_at": now, **asked}
        transaction.execute(insert(answered_request).values(values))
        return answer
    if any(kept[name] != value for name, value in asked.items()):
        raise Refusal.of(Code.INVALID, f"The key {request.key} was used for another request.")
    return Posting(**kept["answer"])

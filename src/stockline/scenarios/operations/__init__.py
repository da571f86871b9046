"""The operations this build can do, each a few lines from the keys of a step to the library.

A handler is registered under the name that `grammar.py` gives its operation. An operation of the grammar without a
handler is unknown to the build; adding one is writing its handler, in the file of its subject.
"""

from stockline.scenarios.operations import catalog, documents, planning, posting, reservation, resync, stock, tracking
from stockline.scenarios.operations.register import OPERATIONS, Handler, one_of

__all__ = [
    "OPERATIONS",
    "Handler",
    "catalog",
    "documents",
    "one_of",
    "planning",
    "posting",
    "reservation",
    "resync",
    "stock",
    "tracking",
]

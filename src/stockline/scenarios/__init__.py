"""Scenarios: the specification that runs. A client of the library like any other.

selection = read_paths([Path("tests/scenarios")])
for outcome in run(selection.scenarios):
    print(outcome)
"""

from stockline.scenarios.problems import ScratchUnavailable, UnreadableFile
from stockline.scenarios.reader import Scenario, read_file
from stockline.scenarios.runner import OpenScratch, Outcome, Selection, read_paths, run, write_json

__all__ = [
    "OpenScratch",
    "Outcome",
    "Scenario",
    "ScratchUnavailable",
    "Selection",
    "UnreadableFile",
    "read_file",
    "read_paths",
    "run",
    "write_json",
]

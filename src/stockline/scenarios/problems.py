"""What can go wrong with a scenario, told apart by who has to act."""

from pathlib import Path


class UnreadableFile(Exception):
    """A file that is no scenario file; nothing of it runs."""

    def __init__(self, path: Path, message: str, line: int | None = None) -> None:
        self.path, self.message, self.line = path, message, line
        place = f"{path}:{line}" if line is not None else str(path)
        super().__init__(f"{place}: {message}")


class ScratchUnavailable(Exception):
    """The database named cannot give a scenario a place of its own; no scenario can run."""


class StepFailure(Exception):
    """What a step expected is not what was found; the text says both."""


class GrammarProblem(StepFailure):
    """A step is not written as the scenario format has it."""


class UnknownOperation(StepFailure):
    """A step, or a key of one, that this build has no operation for."""

    def __init__(self, operation: str) -> None:
        super().__init__(f"unknown operation: {operation}")

"""The words of `gcode_state`, sorted into those of a running job and those of a finished one.

Source: protocol note on BambUI and its status; words of other clients are accepted too.
"""

PREPARING = frozenset({"PREPARE", "SLICING"})
ACTIVE = PREPARING | {"RUNNING", "PAUSE", "RESUME", "PRINTING", "BUSY"}
FINISHED = frozenset(
    {"FINISH", "FINISHED", "IDLE", "DONE", "COMPLETED", "CANCELED", "CANCELLED", "FAIL", "FAILED"}
)
SUCCEEDED = frozenset({"FINISH", "FINISHED", "DONE", "COMPLETED"})
FAILED = frozenset({"FAIL", "FAILED"})
CANCELLED = frozenset({"CANCELED", "CANCELLED"})
PAUSED = frozenset({"PAUSE"})
PRINTING = frozenset({"RUNNING", "RESUME", "PRINTING", "BUSY"})


def is_active(state: str | None) -> bool:
    """Whether the word says that a job is under way."""
    return state in ACTIVE


def is_finished(state: str | None) -> bool:
    """Whether the word says that no job is under way; an unknown word says neither."""
    return state in FINISHED

"""BambUI's merged status: the few fields that matter, whatever types came, and the words of `gcode_state`.

Meanings and ranges: infra/docs/bambu-fields.md and infra/docs/bambui-protocol.md (percent 0..100, remaining
time in minutes, `print_error` a 32-bit code with 0 for none, HMS entries as pairs of 32-bit numbers). State
words of other clients are accepted too.
"""

from collections.abc import Mapping
from typing import Any

from functions.shared.domain.figures import (
    LAYER,
    PERCENT,
    REMAINING_MINUTES,
    STAGE,
    TOTAL_LAYERS,
    UNSIGNED_32_BIT,
    whole_number,
)
from functions.shared.value_class import dataclass

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


_TEXT_LIMIT = 1024
_OWN_RUNS = ("/usr/etc/print/", "auto_cali")  # the folder and the names of what firmware runs by itself
_NO_IDENTIFIERS = frozenset({"0", "-1", "2147483647"})  # local jobs carry one of these, or nothing
_HMS_LIMIT = 64


@dataclass(frozen=True, slots=True)
class HmsEntry:
    """One entry of the health management system: two 32-bit numbers."""

    attribute: int
    code: int


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """What a status says; `None` means that it does not say (BambUI deletes keys), never zero."""

    state: str | None = None
    job_name: str | None = None
    task_id: str | None = None
    percent: int | None = None
    layer: int | None = None
    total_layers: int | None = None
    remaining_minutes: int | None = None
    stage: int | None = None
    print_error: int | None = None
    hms: tuple[HmsEntry, ...] | None = None
    fail_reason: int | None = None
    is_calibrating: bool = False


# What is read of a status: the collector's quick parser passes over all else.
STATUS_KEYS = (
    "gcode_state",
    "subtask_name",
    "gcode_file",
    "task_id",
    "print_type",
    "mc_percent",
    "layer_num",
    "total_layer_num",
    "mc_remaining_time",
    "stg_cur",
    "print_error",
    "fail_reason",
    "hms",
)


def read_status(status: Mapping[str, Any]) -> PrinterStatus:
    """The facts of one status. Total: junk in a field makes that field unknown."""
    return PrinterStatus(
        state=_word(status.get("gcode_state")),
        job_name=_text(status.get("subtask_name")) or _file_title(status.get("gcode_file")),
        task_id=_identifier(status.get("task_id")),
        percent=whole_number(status.get("mc_percent"), *PERCENT),
        layer=whole_number(status.get("layer_num"), *LAYER),
        total_layers=whole_number(status.get("total_layer_num"), *TOTAL_LAYERS),
        remaining_minutes=whole_number(status.get("mc_remaining_time"), *REMAINING_MINUTES),
        stage=whole_number(status.get("stg_cur"), *STAGE),
        print_error=whole_number(status.get("print_error"), *UNSIGNED_32_BIT),
        fail_reason=whole_number(status.get("fail_reason"), *UNSIGNED_32_BIT),
        hms=_hms(status.get("hms")),
        is_calibrating=_is_calibration(status),
    )


def _is_calibration(status: Mapping[str, Any]) -> bool:
    """Whether what runs is the printer's own (a calibration), which shows like a print and is none."""
    kind, file, name = (_text(status.get(key)) for key in ("print_type", "gcode_file", "subtask_name"))
    if any((text or "").startswith(_OWN_RUNS) for text in (file, name)):
        return True
    # The kind of what ran before can still stand there: a file of its own outranks it.
    return (kind or "").lower() == "system" and file is None


def _text(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    return _storable(value[:_TEXT_LIMIT]).strip() or None


def _storable(text: str) -> str:
    """Lone surrogates (JSON can carry them) cannot be encoded anywhere: a question mark each."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _word(value: object) -> str | None:
    text = _text(value)
    return text[:40].upper() if text else None


def _identifier(value: object) -> str | None:
    """A cloud job's number."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)[:64] if abs(value) < 1 << 64 else None
    text = _text(value)
    return text[:64] if text and text not in _NO_IDENTIFIERS else None


def _file_title(value: object) -> str | None:
    """The job's file as a title of last resort, without folder and endings."""
    text = _text(value)
    if text is None:
        return None
    title = text.replace("\\", "/").rsplit("/", 1)[-1]
    for ending in (".3mf", ".gcode"):
        if title.lower().endswith(ending):
            title = title[: -len(ending)]
    return title or None


def _hms(value: object) -> tuple[HmsEntry, ...] | None:
    if not isinstance(value, list):
        return None
    entries = []
    for item in value[:_HMS_LIMIT]:
        if isinstance(item, Mapping):
            attribute = whole_number(item.get("attr"), *UNSIGNED_32_BIT)
            code = whole_number(item.get("code"), *UNSIGNED_32_BIT)
            if attribute is not None and code is not None:
                entries.append(HmsEntry(attribute, code))
    return tuple(entries)

"""A collector's own item: the tracker writes what it reported, liveness keeps its state beside that."""

from collections.abc import Mapping
from typing import Any

from functions.shared.domain.collector_liveness import Announcement, Change, Collector, LivenessState
from functions.shared.domain.keys import COLLECTORS
from functions.shared.errors import ContractError
from functions.shared.messages.codec import (
    integer_of,
    number_of,
    optional_integer_of,
    optional_number_of,
    text_of,
)
from functions.shared.ports import Stored

_FIELD = "liveness"
_NAME_LIMIT = 300


def collector_of(stored: Stored) -> Collector:
    """The collector of that item. Raises ContractError if the item is no collector's; a state that cannot
    be read counts as none.
    """
    value = stored.value
    return Collector(
        collector_id=stored.key.removeprefix(COLLECTORS),
        sequence=integer_of(value, "sequence"),
        received_at=number_of(value, "received_at"),
        printers=_printers(value.get("status")),
        state=_state(value.get(_FIELD)),
    )


def with_state(value: Mapping[str, Any], state: LivenessState) -> dict[str, Any]:
    """The item's value with that state in it, all else as it was."""
    kept = {name: item for name, item in value.items() if name != _FIELD}
    return kept if state == LivenessState() else {**kept, _FIELD: _state_to_json(state)}


def _printers(status: object) -> tuple[str, ...]:
    listed = status.get("printers") if isinstance(status, Mapping) else None
    names = [
        item.get("printer_id")
        for item in (listed if isinstance(listed, list) else ())
        if isinstance(item, dict)
    ]
    return tuple(dict.fromkeys(name[:_NAME_LIMIT] for name in names if isinstance(name, str) and name))


def _state_to_json(state: LivenessState) -> dict[str, Any]:
    pending = state.pending
    body = {
        "lost_sequence": state.lost_sequence,
        "lost_since": state.lost_since if state.lost_sequence is not None else None,
        "forgotten_sequence": state.forgotten_sequence,
        "pending": None
        if pending is None
        else {
            "category": pending.change.value,
            "sequence": pending.sequence,
            "decided_at": pending.decided_at,
            "quiet_seconds": pending.quiet_seconds,
        },
    }
    return {name: item for name, item in body.items() if item is not None}


def _state(body: object) -> LivenessState:
    if not isinstance(body, Mapping):
        return LivenessState()
    try:
        return LivenessState(
            lost_sequence=optional_integer_of(body, "lost_sequence"),
            lost_since=optional_number_of(body, "lost_since") or 0.0,
            forgotten_sequence=optional_integer_of(body, "forgotten_sequence"),
            pending=_announcement(body.get("pending")),
        )
    except (ContractError, ValueError):
        return LivenessState()


def _announcement(body: object) -> Announcement | None:
    if not isinstance(body, Mapping):
        return None
    return Announcement(
        Change(text_of(body, "category")),
        integer_of(body, "sequence"),
        number_of(body, "decided_at"),
        number_of(body, "quiet_seconds"),
    )

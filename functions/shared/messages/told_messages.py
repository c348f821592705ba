"""What was told of one printer lately, and its form in the RecordStore. Notify writes it, the API shows it.

Progress and photos are not among it: they would be most of it, and the page shows both.
"""

from collections.abc import Mapping
from typing import Any

from functions.shared.domain.faults import Severity
from functions.shared.messages.codec import recall, to_json
from functions.shared.value_class import dataclass

TOLD_SECONDS = 86_400.0
TOLD_LIMIT = 50
_TEXT_LENGTH = 300


@dataclass(frozen=True, slots=True)
class ToldMessage:
    """`id` is the effect's; `at` when it happened (edge seconds); `text` without any markup."""

    id: str
    at: float
    text: str
    severity: Severity = Severity.NOTICE


@dataclass(frozen=True, slots=True)
class ToldMessages:
    """The newest first."""

    messages: tuple[ToldMessage, ...] = ()


def with_told(known: ToldMessages, told: ToldMessage) -> ToldMessages:
    """With that one, once, and without those that are too old or too many."""
    text = told.text if len(told.text) <= _TEXT_LENGTH else told.text[: _TEXT_LENGTH - 1].rstrip() + "…"
    told = ToldMessage(told.id, told.at, text, told.severity)
    others = (it for it in known.messages if it.id != told.id and it.at > told.at - TOLD_SECONDS)
    messages = sorted((told, *others), key=lambda it: it.at, reverse=True)
    return ToldMessages(tuple(messages[:TOLD_LIMIT]))


def told_since(known: ToldMessages, since: float) -> tuple[ToldMessage, ...]:
    """Those of that time and later."""
    return tuple(it for it in known.messages if it.at >= since)


def told_of(body: Mapping[str, Any]) -> ToldMessages:
    """Total."""
    return recall(ToldMessages, body)


def told_to_json(told: ToldMessages) -> dict[str, Any]:
    """As stored."""
    return to_json(told)

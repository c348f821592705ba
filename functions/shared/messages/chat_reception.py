"""How it goes with what comes from the chat, for doctor and the start; written by who receives it."""

from collections.abc import Mapping
from typing import Any

from functions.shared.messages.codec import recall, to_json
from functions.shared.value_class import dataclass


@dataclass(frozen=True, slots=True)
class ChatReception:
    """`rival_at`: when another program was last found to poll the same bot; `removed_at`: when the bot was
    removed from the chat, None once it is back. `webhook_removed_at`: one that was left over was taken away.
    `commands`: the token of those that were registered last. Times are seconds since 1970.
    """

    rival_at: float | None = None
    removed_at: float | None = None
    webhook_removed_at: float | None = None
    commands: str = ""


def read_reception(body: Mapping[str, Any]) -> ChatReception:
    """Total: what cannot be read is not known."""
    return recall(ChatReception, body)


def reception_to_json(reception: ChatReception) -> dict[str, Any]:
    return to_json(reception)

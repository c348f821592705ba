"""The one message of a printer's job that is edited (PROGRESS_MODE=edit), as remembered. Notify writes it."""

from collections.abc import Mapping
from typing import Any

from functions.shared.messages.codec import recall, to_json
from functions.shared.value_class import dataclass


@dataclass(frozen=True, slots=True)
class JobMessage:
    """`message_id` in the chat `chat`, in the printer's topic if it has one; `edited_at` by notify's clock.

    `is_renewed`: an earlier one was gone, and a further one is not made. `is_over`: this one is gone too.
    """

    job_id: str = ""
    message_id: int = 0
    chat: str = ""
    topic: int | None = None
    has_photo: bool = False
    edited_at: float = 0.0
    is_renewed: bool = False
    is_over: bool = False


def read_job_message(body: Mapping[str, Any]) -> JobMessage:
    """Total: what cannot be read is not known."""
    return recall(JobMessage, body)


def job_message_to_json(message: JobMessage) -> dict[str, Any]:
    """As stored."""
    return to_json(message)

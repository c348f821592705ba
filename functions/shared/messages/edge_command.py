"""What the chat asks of a collector: one frame, at once. A queue of its own carries it for a minute.

Idempotent: a repeat puts the same frame under the same name once more. A collector that does not know the
printer leaves it to another.
"""

import json
from dataclasses import field
from enum import StrEnum

from functions.shared.domain.keys import digest
from functions.shared.errors import ContractError
from functions.shared.messages.codec import ALWAYS, from_json, load_object, to_json
from functions.shared.ports import Outgoing
from functions.shared.value_class import dataclass

VERSION = 1
EXPIRES_AFTER_SECONDS = 60  # the queue's own retention, so that no clock has to be right


class CommandKind(StrEnum):
    PHOTO = "photo"


@dataclass(frozen=True, slots=True)
class EdgeCommand:
    """`answer`: the beginning of the key under which the frame is put."""

    id: str
    printer_id: str
    answer: str
    kind: CommandKind = field(default=CommandKind.PHOTO, metadata=ALWAYS)


def outgoing_command(command: EdgeCommand) -> Outgoing:
    body = json.dumps({"version": VERSION} | to_json(command), separators=(",", ":"))
    return Outgoing(body, digest("command", command.printer_id), digest(command.id))


def decode_command(text: str) -> EdgeCommand:
    """Raises ContractError."""
    body = load_object(text)
    if body.get("version") != VERSION:
        raise ContractError(f"command version {body.get('version')!r:.40} is not {VERSION}")
    return from_json(EdgeCommand, body)

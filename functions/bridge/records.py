"""Keys of the RecordStore: who keeps what where."""

from functions.bridge.names import digest

PRINTERS = "printer/"
COLLECTORS = "collector/"


def printer_key(printer_id: str) -> str:
    """The record of one printer (written by the tracker)."""
    return PRINTERS + printer_id


def collector_key(collector_id: str) -> str:
    """The last report of a collector on itself (written by the tracker)."""
    return COLLECTORS + collector_id


def inspection_key(printer_id: str) -> str:
    """The inspection's memory of one printer (written by the inspection)."""
    return "inspection/" + printer_id


def chat_key(chat_id: str) -> str:
    """The sending window and failures of one chat (written by notify)."""
    return "chat/" + digest(chat_id)[:16]


def done_key(effect_id: str) -> str:
    """The mark that an effect's outside call was made."""
    return "done/" + effect_id

"""What a command asks for, however it is typed; and which printer is meant. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum

from functions.shared.messages.callback_data import LONGEST_MUTE_SECONDS
from functions.shared.value_class import dataclass

USUAL_MUTE_SECONDS = 3600


class Word(StrEnum):
    """The commands, in the order in which they are listed."""

    STATUS = "status"
    PHOTO = "photo"
    PRINTERS = "printers"
    ETA = "eta"
    ERRORS = "errors"
    HISTORY = "history"
    FILM = "film"
    STATS = "stats"
    MUTE = "mute"
    UNMUTE = "unmute"
    QUIET = "quiet"
    HELP = "help"


ALL = "all"
_SAME = {"start": Word.HELP}  # what Telegram's button sends in a new chat
_WITHOUT_PRINTER = frozenset({Word.PRINTERS, Word.HELP, Word.QUIET})
_SPAN = re.compile(r"(?:(\d{1,3})d)?(?:(\d{1,4})h)?(?:(\d{1,5})(?:m|min)?)?")
_BLANK = re.compile(r"[^0-9a-z]+")


@dataclass(frozen=True, slots=True)
class Request:
    """`name`: of the printer that is meant, as typed; `seconds`: how long; `rest`: all that was typed."""

    word: Word
    name: str = ""
    seconds: int | None = None
    rest: str = ""


def request_of(word: str, argument: str = "") -> Request | None:
    """None for a command that is none of ours."""
    known = _SAME.get(word) or next((it for it in Word if it == word), None)
    if known is None:
        return None
    if known is Word.MUTE:
        name, seconds = _with_span(argument)
        return Request(known, name, seconds, argument)
    return Request(known, "" if known in _WITHOUT_PRINTER else argument, rest=argument)


def seconds_of(text: str) -> int | None:
    """Of `2h`, `30m`, `1h30m`, `1d` or `90` (minutes); None for what is no span, or an absurd one."""
    found = _SPAN.fullmatch(text.lower().replace(" ", ""))
    if found is None or not any(found.groups()):
        return None
    days, hours, minutes = (int(part or 0) for part in found.groups())
    seconds = (days * 24 + hours) * 3600 + minutes * 60
    return seconds if 0 < seconds <= LONGEST_MUTE_SECONDS else None


def _with_span(argument: str) -> tuple[str, int | None]:
    """A name and the span behind it; a name may end in a number, so a bare one alone is a span."""
    words = argument.split()
    if words and (len(words) == 1 or not words[-1].isdigit()):
        seconds = seconds_of(words[-1])
        if seconds is not None:
            return " ".join(words[:-1]), seconds
    return argument, None


def matching(name: str, printers: Sequence[str]) -> list[str]:
    """The printers that may be meant: exactly so, else as it sounds, else by the begin, else by a part."""
    if name in printers:
        return [name]
    typed = _plain(name)
    if not typed:
        return []
    plain = {printer: _plain(printer) for printer in printers}
    words = [_plain(word) for word in name.split()]
    for is_meant in (
        lambda known: known == typed,
        lambda known: known.startswith(typed),
        lambda known: typed in known,
        lambda known: all(word in known for word in words),
    ):
        found = [printer for printer, known in plain.items() if is_meant(known)]
        if found:
            return found
    return []


def _plain(name: str) -> str:
    """Without case, accents, blanks and signs; of a name with nothing else in it, as it is."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(it for it in decomposed if not unicodedata.combining(it))
    return _BLANK.sub("", letters) or letters.strip()

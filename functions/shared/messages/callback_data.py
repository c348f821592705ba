"""What a button carries: at most 64 bytes (core.telegram.org/bots/api, InlineKeyboardButton). Pure.

Printers and jobs are named by the token of their id (`token_of`), so that any name fits. The forms, of which
a reader knows more than a writer writes as buttons of years ago can be pressed:

`1:photo:<printer>`, `1:mute:<printer>:<seconds>`, `1:fine:<printer>:<job>:<category>`,
`1:film:<printer>:<job>`, `1:ask:<printer>:<command>[:<argument>]`
"""

import re
from enum import StrEnum

from functions.shared.value_class import dataclass

LIMIT_BYTES = 64
LONGEST_MUTE_SECONDS = 30 * 86_400
_VERSION = "1"
_TOKEN = re.compile(r"[0-9a-f]{16}")
_CATEGORY = re.compile(r"[a-z_]{1,20}")
_COMMAND = re.compile(r"[a-z]{1,12}")
_SECONDS = re.compile(r"[1-9][0-9]{0,6}")


class Action(StrEnum):
    """What is wished by pressing it."""

    PHOTO = "photo"
    MUTE = "mute"
    LOOKS_FINE = "fine"
    FILM = "film"
    CHOOSE = "ask"  # the printer that a command is about


@dataclass(frozen=True, slots=True)
class CallbackData:
    """`printer` and `job` are tokens of ids (empty: every printer, the last job). `seconds`: of a mute, if
    it is not the usual time; `category` of the defect that is none, `command` that is chosen for.
    """

    action: Action
    printer: str = ""
    job: str = ""
    category: str = ""
    command: str = ""
    seconds: int = 0


def encode_callback(data: CallbackData) -> str:
    """At most LIMIT_BYTES of ASCII. Raises ValueError for what no button could say."""
    parts = [_VERSION, data.action.value, data.printer]
    match data.action:
        case Action.MUTE:
            parts.append(str(data.seconds))
        case Action.LOOKS_FINE:
            parts += [data.job, data.category]
        case Action.FILM:
            parts.append(data.job)
        case Action.CHOOSE:
            parts += [data.command, *([str(data.seconds)] if data.seconds else [])]
        case Action.PHOTO:
            pass
    text = ":".join(parts)
    if decode_callback(text) != data:
        raise ValueError(f"no button can carry {data}")
    return text


def decode_callback(text: str) -> CallbackData | None:
    """Total: None for what is none of ours, as anybody may send anything as a callback."""
    if len(text) > LIMIT_BYTES:
        return None
    version, *parts = text.split(":")
    if version != _VERSION or len(parts) < 2 or parts[0] not in set(Action):
        return None
    word, printer, *fields = parts
    if printer and not _TOKEN.fullmatch(printer):
        return None
    data = CallbackData(Action(word), printer)
    match data.action, fields:
        case Action.PHOTO, []:
            return data
        case Action.MUTE, [seconds] if _is_time(seconds):
            return CallbackData(data.action, printer, seconds=int(seconds))
        case Action.LOOKS_FINE, [job, category] if _TOKEN.fullmatch(job) and _CATEGORY.fullmatch(category):
            return CallbackData(data.action, printer, job, category)
        case Action.FILM, [job] if not job or _TOKEN.fullmatch(job):
            return CallbackData(data.action, printer, job)
        case Action.CHOOSE, [command] if _COMMAND.fullmatch(command):
            return CallbackData(data.action, printer, command=command)
        case Action.CHOOSE, [command, seconds] if _COMMAND.fullmatch(command) and _is_time(seconds):
            return CallbackData(data.action, printer, command=command, seconds=int(seconds))
        case _:
            return None


def _is_time(text: str) -> bool:
    return _SECONDS.fullmatch(text) is not None and int(text) <= LONGEST_MUTE_SECONDS

"""How one setting is declared, and how its text becomes a value. The declarations are in `settings`."""

import dataclasses
import math
import re
import unicodedata
from collections.abc import Callable
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from functions.shared.domain.sites import SITE_LIMIT, is_site
from functions.shared.value_class import dataclass

# `template` is the stack itself: its lifecycle rules, not a program of it, read those settings.
PROGRAMS = (
    "collector",
    "tracker",
    "notify",
    "inspection",
    "timelapse",
    "liveness",
    "chat",
    "api",
    "template",
    "local",
)


class Kind(StrEnum):
    """The type of a setting as infra/docs/settings.md names it."""

    TEXT = "text"
    SECRET = "secret"
    URL = "URL"
    INTEGER = "whole number"
    NUMBER = "number"
    SECONDS = "seconds"
    FLAG = "0 or 1"
    ZONE = "time zone"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Declaration:
    """One setting: variable, kind, default as text, meaning, and which programs read it."""

    variable: str
    kind: Kind
    default: str
    meaning: str
    programs: tuple[str, ...]
    parse: Callable[[str], Any]


def declared(
    variable: str, kind: Kind, default: str, meaning: str, programs: str, parse: Callable[[str], Any]
) -> Any:
    """A dataclass field that carries its declaration (typed Any so that the field keeps its own type)."""
    declaration = Declaration(variable, kind, default, meaning, tuple(programs.split()), parse)
    is_shown = kind not in (Kind.SECRET, Kind.URL)  # a URL may carry a password
    return dataclasses.field(default=parse(default), repr=is_shown, metadata={"declaration": declaration})


def is_clean(value: str) -> bool:
    """Whether it can be a path, an address, a line: no control characters, no bytes that are not UTF-8."""
    return all(unicodedata.category(character) not in ("Cc", "Cs") for character in value)


def text(value: str) -> str:
    return value


def site(value: str) -> str:
    if value and not is_site(value):
        raise ValueError(f"must be 1 to {SITE_LIMIT} small letters (a to z) and digits")
    return value


def flag(value: str) -> bool | None:
    """None for an empty text: the default of a flag that may also be unset."""
    if value == "":
        return None
    if value not in ("0", "1"):
        raise ValueError("must be 0 or 1")
    return value == "1"


def switch(value: str) -> bool:
    if value not in ("0", "1"):
        raise ValueError("must be 0 or 1")
    return value == "1"


def integer(lowest: int, highest: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        try:
            number = int(value)
        except ValueError:
            raise ValueError("must be a whole number") from None
        if not lowest <= number <= highest:
            raise ValueError(f"must be between {lowest} and {highest}")
        return number

    return parse


def integer_or_unset(lowest: int, highest: int) -> Callable[[str], int | None]:
    """None for an empty text: what it means then follows from other settings."""
    parse = integer(lowest, highest)
    return lambda value: None if value == "" else parse(value)


def number(lowest: float, highest: float) -> Callable[[str], float]:
    def parse(value: str) -> float:
        try:
            result = float(value)
        except ValueError:
            raise ValueError("must be a number") from None
        if not math.isfinite(result) or not lowest <= result <= highest:
            raise ValueError(f"must be between {lowest:g} and {highest:g}")
        return result

    return parse


def choice(*words: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        for word in words:
            if value.lower() == word.lower():
                return word
        raise ValueError("must be one of " + ", ".join(words))

    return parse


def url(*schemes: str, placeholder: str = "") -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value == "":
            return value
        try:
            parts = urlsplit(value)
            port_is_good = parts.port is None or 0 < parts.port < 65536
        except ValueError:
            raise ValueError("is not a URL") from None
        if parts.scheme not in schemes or not parts.hostname or not port_is_good:
            raise ValueError("must begin with " + " or ".join(f"{scheme}://" for scheme in schemes))
        if re.search(r"\s", value):
            raise ValueError("must not contain blanks")
        if placeholder and placeholder not in value:
            raise ValueError(f"must contain {placeholder}")
        return value

    return parse


def chat_id(value: str) -> str:
    """Telegram's chat: a number (groups are negative) or @channelname."""
    if value and not re.fullmatch(r"-?\d{1,20}|@\w{4,64}", value):
        raise ValueError("must be a number such as -1001234567890, or @channelname")
    return value


def host(value: str) -> str:
    """A name or an address, to listen on; an IPv6 address has more than one colon and no brackets."""
    if value == "":
        raise ValueError("must not be empty")
    if re.fullmatch(r"[^:]*:\d*|\[.*\]:\d*", value):
        raise ValueError("must not have a port")
    return value


def host_names(value: str) -> tuple[str, ...]:
    """Names apart by commas or blanks, in lower case; `.example.org` and `*` are allowed too."""
    names = tuple(value.lower().replace(",", " ").split())
    for name in names:
        if name != "*" and not re.fullmatch(r"\.?[\w-]+(\.[\w-]+)*", name):
            raise ValueError("must be names such as printers.example.org, without scheme and port")
    return names


# So many that a machine chose cannot be found by trying, at any pace; words that a person chose can.
SHORTEST_KEY = 16


def api_key(value: str) -> str:
    """A key that strangers may try; the message never shows it."""
    if value and len(value) < SHORTEST_KEY:
        raise ValueError(f"must have {SHORTEST_KEY} characters or more (printer-bridge make-key makes one)")
    return value


def bot_token(value: str) -> str:
    """Telegram's bot token; the message never shows it."""
    if value and not re.fullmatch(r"\d{1,20}:[\w-]{10,100}", value):
        raise ValueError("does not look like a bot token (123456:ABC...)")
    return value


def thread_id(value: str) -> int | None:
    return integer_or_unset(1, 2**53)(value)


def user_ids(value: str) -> frozenset[int]:
    """Ids of people, apart by commas or blanks."""
    words = value.replace(",", " ").split()
    if not all(re.fullmatch(r"[1-9][0-9]{0,15}", word) for word in words):
        raise ValueError("must be ids of people such as 123456789, apart by commas")
    return frozenset(map(int, words))


def zone(value: str) -> ZoneInfo:
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError("is not a time zone (such as Europe/Berlin)") from None

"""Text for people and logs: spans of time in words, what can be printed, nothing secret. Pure."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_LONGEST = 1e9  # seconds in a message: more is junk


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 12 min`, `2 d 3 h`: for a person who is told of it."""
    return _spoken(min(max(0.0, seconds), _LONGEST), 48, with_zeros=False)


def full_duration(seconds: float, days_from_hours: float = math.inf) -> str:
    """`45 s`, `12 min`, `3 h 0 min`, `75 h 12 min`: for lines that are compared; days only if asked for."""
    return _spoken(seconds, days_from_hours, with_zeros=True)


def _spoken(seconds: float, days_from_hours: float, *, with_zeros: bool) -> str:
    if seconds < 59.5:
        return f"{round(seconds)} s"
    hours, minutes = divmod(round(seconds / _MINUTE), 60)
    if hours == 0:
        return f"{minutes} min"
    if hours < days_from_hours:
        return f"{hours} h {minutes} min" if minutes or with_zeros else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours or with_zeros else f"{days} d"


def rough_duration(seconds: float) -> str:
    """`40 s`, `12 min`, `3 h`, `5 days`: an age, in the largest unit that says at least two, rounded down."""
    if not math.isfinite(seconds):
        return "an unknown time"
    if seconds < 2 * _MINUTE:
        return f"{int(seconds)} s"
    if seconds < 2 * _HOUR:
        return f"{int(seconds // _MINUTE)} min"
    if seconds < 2 * _DAY:
        return f"{int(seconds // _HOUR)} h"
    return f"{int(seconds // _DAY)} days"


# Line breaks, what steers a terminal (C0, C1) and what turns the reading direction.
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")


def one_line(text: str) -> str:
    """The text on one line, and nothing in it that steers a terminal."""
    return _BREAKS.sub(" ", text)


def printable(text: str, instead: str = "?") -> str:
    """The text with that in place of each character that has no print (controls, surrogates, rare blanks)."""
    return "".join(character if character.isprintable() else instead for character in text)


def shown(text: str) -> str:
    """The text with a question mark for each lone surrogate: JSON can carry them, UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")


HIDDEN = "***"
AWS_SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")  # variables
_TOKEN = re.compile(r"(?<![0-9])[0-9]{6,20}(?::|%3[Aa])[A-Za-z0-9_-]{30,}")


def aws_secrets_of(environment: Mapping[str, str]) -> list[str]:
    """What nobody may see of the variables by which AWS is reached."""
    return [environment.get(name, "").strip() for name in AWS_SECRETS]


def hide_tokens(text: str) -> str:
    """The text without anything that looks like a Telegram bot token."""
    return _TOKEN.sub(HIDDEN, text)


class Redactor:
    """Takes secrets out of texts, in every form they may have there, and what looks like a bot's token."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets if secret for form in _forms(secret)}
        self._forms = sorted(forms, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for form in self._forms:
            text = text.replace(form, HIDDEN)
        return hide_tokens(text)


def _forms(secret: str) -> set[str]:
    """How a secret may appear in a URL, in a quoted text and in JSON."""
    return {secret, quote(secret), quote(secret, safe=""), repr(secret)[1:-1], json.dumps(secret)[1:-1]}

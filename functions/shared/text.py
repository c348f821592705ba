"""Text for people and logs: what can be printed, nothing secret. Pure."""

import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

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

"""The way out for every word of doctor and chat-id: without secrets, without what steers a terminal."""

import contextlib
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TextIO
from urllib.parse import unquote, urlsplit

from functions.shared.setting_types import Kind
from functions.shared.settings import declarations
from functions.shared.text import Redactor, aws_secrets_of

_STEERING = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")
_SHORTEST_SECRET = 4  # a shorter one would black out common words


def secrets_of(environment: Mapping[str, str]) -> list[str]:
    """Every value in these variables that nobody else may see."""

    def values(kind: Kind) -> list[str]:
        return [environment.get(it.variable, "").strip() for it in declarations() if it.kind is kind]

    found = [*values(Kind.SECRET), *aws_secrets_of(environment), *map(password_of, values(Kind.URL))]
    found += [secret.partition(":")[2] for secret in found if ":" in secret]  # of a bot's token
    return [secret for secret in found if len(secret) >= _SHORTEST_SECRET]


def password_of(url: str) -> str:
    try:
        return unquote(urlsplit(url.strip()).password or "")
    except ValueError:
        return ""


def redactor(secrets: Iterable[str]) -> Callable[[str], str]:
    """A function that takes secrets and control characters out of a text."""
    hide = Redactor(secrets)
    return lambda text: hide(_STEERING.sub(" ", text)).strip()


@contextlib.contextmanager
def without_logs() -> Iterator[None]:
    """For a program that says everything itself."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def show(stream: TextIO, text: str) -> None:
    """Whatever the screen can take of it; a screen that is gone is nobody's fault."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    with contextlib.suppress(OSError, ValueError):
        stream.write(text.encode(encoding, "replace").decode(encoding))
        stream.flush()

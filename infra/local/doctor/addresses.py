"""Addresses that a person has set: shown without a password, and what to do when nothing answers there."""

import base64
from urllib.parse import unquote, urlsplit, urlunsplit


def without_credentials(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def credentials_of(url: str) -> str | None:
    """The value of the Authorization header for a user and password in a URL."""
    parts = urlsplit(url)
    if parts.username is None:
        return None
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def place_of(url: str) -> str:
    """Host and port, as a person would say where something is."""
    try:
        parts = urlsplit(url)
        return parts.netloc.rpartition("@")[2] or "there"
    except ValueError:
        return "there"

"""Text as spans: escaped, counted and cut without ever breaking an escape, a tag or a character.

Telegram counts UTF-16 code units after entities are parsed (core.telegram.org/bots/api, "Formatting
options"), so everything is cut as spans and only then written as HTML.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from html import escape

from functions.shared.value_class import dataclass

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
ELLIPSIS = "…"

_JOINERS = "\u200c\u200d"
_MARKS_LIMIT = 3
_MARKS = re.compile(r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{4,}")
_SAFE_URL = re.compile(r"https?://[!-~]{1,300}")
WORD_JOINER = "\u2060"
# Behind which characters a joiner stands so that Telegram makes nothing of a text by itself: no mention, tag
# or command, no address of any kind. Source: TDLib's MessageEntity.cpp (find_entities).
_IN_DOMAIN = r"[^\s\u2060!-/:-@\[-`{-~]"
_LIVE = re.compile(
    r"[@#$](?![\s\u2060])|(?<![\w/<>])/(?=[A-Za-z0-9_])|:(?=//)"
    rf"|\.(?![0-9])(?={_IN_DOMAIN}{{2}})|\.(?=[0-9]+\.[0-9]+)"
)
# Nine digits can be a phone number, fewer only behind a plus; error codes have eight.
_NUMBER = re.compile(r"\+[0-9](?:[ ().-]{0,3}[0-9]){6,}|[0-9](?:[ ().-]{0,3}[0-9]){8,}")
_BIT_OF_NUMBER = re.compile(r"(?:[0-9]{3}|[ ().-])(?!$)")
_ISOLATE, _ISOLATE_END = "\u2068", "\u2069"


@dataclass(frozen=True, slots=True)
class Span:
    """A run of clean text in one style: none, `b`, `i` or `code`; or a link."""

    text: str
    tag: str = ""
    link: str = ""


Line = tuple[Span, ...]


def clean(text: str) -> str:
    """Untrusted text as one harmless line: no control, direction or invisible characters."""
    kept = []
    for character in text:
        category = unicodedata.category(character)
        if category == "Cs":
            kept.append("\ufffd")
        elif category in ("Zs", "Zl", "Zp") or character in "\t\n\v\f\r\x85":
            kept.append(" ")
        elif category not in ("Cc", "Cf") or character in _JOINERS:
            kept.append(character)
    one_line = " ".join("".join(kept).split())
    return _MARKS.sub(lambda found: found[0][:_MARKS_LIMIT], one_line)


def plain_words(text: str, limit: int) -> str:
    """Untrusted free text, cut at its end; nothing in it becomes a mention, a link or a command."""
    return isolated(inert(cut_end(clean(text), limit)))


def name_words(text: str, limit: int) -> str:
    """An untrusted name, cut in the middle and inert; a question mark when nothing readable is left of it."""
    return isolated(inert(cut_middle(clean(text), limit))) or "?"


def code_words(text: str, limit: int) -> str:
    """An untrusted name for a span in `code`, where Telegram makes nothing of it: to be copied as it is."""
    return isolated(cut_middle(clean(text), limit)) or "?"


def inert(text: str) -> str:
    """The text with invisible joiners where Telegram would make a mention, a link or a command of it."""
    quiet = _LIVE.sub(lambda found: found[0] + WORD_JOINER, text)
    return _NUMBER.sub(lambda found: _BIT_OF_NUMBER.sub(lambda bit: bit[0] + WORD_JOINER, found[0]), quiet)


def without_markup(lines: Sequence[Line]) -> list[Line]:
    """The lines for a plain text, where no code protects a name."""
    return [
        tuple(replace(it, tag="", text=inert(it.text)) if it.tag == "code" else it for it in line)
        for line in lines
    ]


def isolated(text: str) -> str:
    """Text with letters that run from right to left, kept from turning its neighbours around."""
    if any(unicodedata.bidirectional(character) in ("R", "AL") for character in text):
        return _ISOLATE + text + _ISOLATE_END
    return text


def utf16_length(text: str) -> int:
    """Length as Telegram counts."""
    return len(text) + sum(character > "\uffff" for character in text)


def cut_end(text: str, limit: int) -> str:
    """At most `limit` UTF-16 units, with an ellipsis where something is missing."""
    if utf16_length(text) <= limit:
        return text
    return _first(text, limit - 1).rstrip() + ELLIPSIS


def cut_middle(text: str, limit: int) -> str:
    """At most `limit` UTF-16 units; beginning and end stay, as they tell files apart."""
    if utf16_length(text) <= limit:
        return text
    tail = (limit - 1) // 3
    return _first(text, limit - 1 - tail).rstrip() + ELLIPSIS + _first(text[::-1], tail)[::-1].lstrip()


def _first(text: str, units: int) -> str:
    while utf16_length(text) > units:
        text = text[: max(0, len(text) - max(1, (utf16_length(text) - units) // 2))]
    return text


def safe_url(url: str | None) -> str:
    """The URL if it is a plain web address, else nothing."""
    return url if url is not None and _SAFE_URL.fullmatch(url) else ""


def fitted(lines: Sequence[Line], limit: int) -> list[Line]:
    """The lines cut at the end to `limit` UTF-16 units, their line breaks counted."""
    result: list[Line] = []
    left = limit
    for number, line in enumerate(lines):
        left -= 1 if number else 0
        length = sum(utf16_length(span.text) for span in line)
        if length > left:
            cut = _cut_line(line, left)
            return [*result, cut] if cut else result
        left -= length
        result.append(line)
    return result


def _cut_line(line: Line, limit: int) -> Line:
    kept: list[Span] = []
    for span in line:
        length = utf16_length(span.text)
        if length > limit:
            if limit > 0:
                kept.append(replace(span, text=cut_end(span.text, limit)))
            break
        limit -= length
        kept.append(span)
    return tuple(kept)


def to_html(lines: Sequence[Line]) -> str:
    """In Telegram's HTML: only b, i, code and a."""
    return "\n".join("".join(_span_html(span) for span in line) for line in lines)


def _span_html(span: Span) -> str:
    text = escape(span.text, quote=False)
    if span.link:
        return f'<a href="{escape(span.link)}">{text}</a>'
    return f"<{span.tag}>{text}</{span.tag}>" if span.tag else text


def to_plain(lines: Sequence[Line]) -> str:
    """Without any markup; a link's address stands behind its text."""
    return "\n".join(
        "".join(f"{span.text} ({span.link})" if span.link else span.text for span in line) for line in lines
    )

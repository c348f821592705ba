"""Reads Telegram's HTML as strictly as its documentation has it, into the text a person sees.

Source: core.telegram.org/bots/api, "HTML style". Stricter than the real server in one thing: a bare `&`
or `>` is refused, as the documentation asks for them to be escaped.
"""

import re
from html import unescape

_TAGS = frozenset(
    "b strong i em u ins s strike del span tg-spoiler tg-emoji a code pre blockquote".split()  # noqa: SIM905
)
_ATTRIBUTES = {
    "a": r'href="[^"<>]*"',
    "span": r'class="tg-spoiler"',
    "tg-emoji": r'emoji-id="\d+"',
    "code": r'(?:class="language-[\w+-]+")?',
    "blockquote": r"(?:expandable)?",
}
_TOKEN = re.compile(r"<(/?)([a-zA-Z][\w-]*)([^<>]*)>|&(#\d{1,7}|#x[0-9a-fA-F]{1,6}|lt|gt|amp|quot);|([<>&])")
_ENTITIES_LIMIT = 100


class MarkupError(ValueError):
    """What the Bot API would say after "Bad Request: "."""


def read_html(markup: str) -> str:
    """The text behind the markup. Raises MarkupError."""
    return read_marked(markup)[0]


def read_marked(markup: str) -> tuple[str, list[tuple[int, int]]]:
    """The text behind the markup, and where in it (from, to) there is code or a link. Raises MarkupError."""
    shown: list[str] = []
    marked: list[tuple[int, int]] = []
    begun: list[int] = []
    open_tags: list[str] = []
    position = entities = 0
    for found in _TOKEN.finditer(markup):
        shown.append(markup[position : found.start()])
        position = found.end()
        closing, tag, attributes, entity, bare = found.groups()
        offset = len(markup[: found.start()].encode())
        if entity:
            shown.append(unescape(f"&{entity};"))
        elif bare:
            raise MarkupError(f"can't parse entities: Unescaped character {bare!r} at byte offset {offset}")
        elif closing:
            if not open_tags:
                raise MarkupError(f"can't parse entities: Unexpected end tag at byte offset {offset}")
            expected = open_tags.pop()
            if tag.lower() != expected or attributes.strip():
                raise MarkupError(
                    f"can't parse entities: Unmatched end tag at byte offset {offset}, "
                    f'expected "</{expected}>", found "</{tag}>"'
                )
            since = begun.pop()
            if expected in ("a", "code", "pre"):
                marked.append((since, sum(map(len, shown))))
        else:
            _check_start(tag.lower(), attributes.strip(), offset)
            open_tags.append(tag.lower())
            begun.append(sum(map(len, shown)))
            entities += 1
    shown.append(markup[position:])
    if open_tags:
        raise MarkupError(
            f"can't parse entities: Can't find end tag corresponding to start tag \"{open_tags[-1]}\""
        )
    if entities > _ENTITIES_LIMIT:
        raise MarkupError("can't parse entities: too many")
    return "".join(shown), marked


def _check_start(tag: str, attributes: str, offset: int) -> None:
    if tag not in _TAGS:
        raise MarkupError(f'can\'t parse entities: Unsupported start tag "{tag}" at byte offset {offset}')
    if not re.fullmatch(_ATTRIBUTES.get(tag, ""), attributes):
        raise MarkupError(f"can't parse entities: Bad attributes of <{tag}> at byte offset {offset}")


def utf16_units(text: str) -> int:
    """Length as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2

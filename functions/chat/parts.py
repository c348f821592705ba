"""A long answer as messages that Telegram takes, cut between its blocks. Pure."""

from collections.abc import Sequence

from functions.shared.telegram.markup import TEXT_LIMIT, Line, utf16_length

_APART_FROM_LINES = 3  # a blank line sets larger blocks apart
_ENTITIES_LIMIT = 100  # core.telegram.org/bots/api, "Formatting options": of more the rest has no effect
# Of what a person asks for at once. The rest is there by name.
MOST_PARTS = 5


def parts_of(blocks: Sequence[Sequence[Line]], limit: int = TEXT_LIMIT) -> list[list[Line]]:
    """Messages of whole blocks; a block that is too long for one message is alone in it, and is cut there."""
    parts: list[list[Line]] = []
    length = entities = 0
    previous = 0
    for block in blocks:
        is_apart = max(previous, len(block)) >= _APART_FROM_LINES
        own = sum(_length(line) + 1 for line in block) + is_apart
        marked = sum(bool(span.tag or span.link) for line in block for span in line)
        if not parts or length + own > limit or entities + marked > _ENTITIES_LIMIT:
            parts.append([])
            length = entities = 0
            is_apart = False
        parts[-1] += [(), *block] if is_apart and parts[-1] else block
        length, entities, previous = length + own, entities + marked, len(block)
    return parts[:MOST_PARTS]


def _length(line: Line) -> int:
    return sum(utf16_length(span.text) for span in line)

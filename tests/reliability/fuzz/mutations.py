"""Damage done to a JSON message, as text: cheap, and able to make what no JSON library would write.

Every mutation takes the text, a source of chance and another text to splice with, and gives a text.
"""

import base64
import re
from collections.abc import Callable, Sequence
from random import Random

Mutation = Callable[[str, Random, str], str]

WORDS = """
    IDLE PREPARE SLICING RUNNING PAUSE RESUME PRINTING BUSY FINISH FAILED FINISHED DONE COMPLETED CANCELED
    CANCELLED FAIL INIT OFFLINE running Ⅸ UNKNOWN
""".split()  # noqa: SIM905 - a list of such length is read more easily so
NUMBERS = """
    0 -0 1 -1 7 50 99 100 101 255 1e3 1e400 -1e400 1e-400 0.1 -0.0 4294967295 4294967296 2147483648
    50348044 50364437 83935249 50348038 9007199254740992 9007199254740993 18446744073709551616 1e308
    5E-324 1E+2 00 0x10 1. .5 +1
""".split()  # noqa: SIM905
TEXTS = (
    '""',
    '"0"',
    '"1e5"',
    '"nan"',
    '"inf"',
    '"\\ud800"',
    '"\\udfff\\ud800"',
    '"\\u0000"',
    '"../../../etc/passwd"',
    '"..\\\\..\\\\x"',
    '"<b>&amp;</b><script>"',
    '"\\u202egnp.exe"',
    '"%s%n{0}"',
    '"🧵👨‍👩‍👧‍👦"',
    '"a\\n\\r\\tb"',
    '" "',
    '"COM1"',
    '"' + "ä" * 300 + '"',
    '"' + "e\u0301" * 200 + '"',
)
ODD = (
    "null",
    "true",
    "false",
    "NaN",
    "Infinity",
    "-Infinity",
    "[]",
    "{}",
    "[null]",
    "[[]]",
    '[{"attr":1}]',
    '[{"attr":50336256,"code":131074}]',
    '[{"attr":-1,"code":1e99},7,"x",{"attr":"50336256","code":"131073"}]',
    '{"a":{"b":[1,2,{"c":null}]}}',
    "undefined",
    "",
    "'x'",
    "\ud800",
)
_KEY = re.compile(r'"(?:[^"\\]|\\.){1,40}":')
_END = re.compile(r"[,}\]]")
# From the run's first character on and all of it at once: a megabyte of letters is looked at once.
_BASE64 = re.compile(r'(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{64,}+={0,2}(?=")')
_BIG_CHANCE = 400  # one in so many values is huge


def hostile_value(chance: Random) -> str:
    """The text of a JSON value, or of what is none."""
    kind = chance.random()
    if kind < 0.35:
        return chance.choice(NUMBERS)
    if kind < 0.55:
        return chance.choice(TEXTS)
    if kind < 0.75:
        return chance.choice(ODD)
    if kind < 0.9:
        return f'"{chance.choice(WORDS)}"'
    if chance.randrange(_BIG_CHANCE // 10) == 0:
        return _huge_value(chance)
    return str(chance.randrange(-(2**33), 2**33))


def _huge_value(chance: Random) -> str:
    size = chance.choice((5_000, 20_000, 100_000, 300_000))
    kind = chance.randrange(6)
    if kind == 0:
        return "9" * chance.choice((400, 4_000, 5_000))
    if kind == 1:
        return "[" * size
    if kind == 2:
        return "[" * (size // 100) + "]" * (size // 100)
    if kind == 3:
        return '{"a":' * (size // 200) + "1" + "}" * (size // 200)
    if kind == 4:
        return '"' + "x" * size + '"'
    return "[" + "{},".join([""] * (size // 10)) + "1]"


def _flip(text: str, chance: Random, _: str) -> str:
    """One to eight characters become others."""
    for _number in range(chance.choice((1, 1, 2, 8))):
        if text:
            place = chance.randrange(len(text))
            other = chr(ord(text[place]) ^ (1 << chance.randrange(7))) if chance.random() < 0.9 else "\ud9ab"
            text = text[:place] + other + text[place + 1 :]
    return text


def _truncate(text: str, chance: Random, _: str) -> str:
    return text[: chance.randrange(len(text) + 1)]


def _behead(text: str, chance: Random, _: str) -> str:
    return text[chance.randrange(len(text) + 1) :]


def _splice(text: str, chance: Random, other: str) -> str:
    return text[: chance.randrange(len(text) + 1)] + other[chance.randrange(len(other) + 1) :]


def _remove(text: str, chance: Random, _: str) -> str:
    start = chance.randrange(len(text) + 1)
    return text[:start] + text[start + chance.choice((1, 2, 10, 100, 1000)) :]


def _repeat(text: str, chance: Random, _: str) -> str:
    start = chance.randrange(len(text) + 1)
    part = text[start : start + chance.choice((1, 5, 50, 500))]
    return text[:start] + part * chance.choice((2, 2, 3, 20)) + text[start:]


def _insert(text: str, chance: Random, _: str) -> str:
    place = chance.randrange(len(text) + 1)
    return text[:place] + hostile_value(chance) + text[place:]


def _value_span(text: str, chance: Random, names: Sequence[str]) -> tuple[int, int, int] | None:
    """Where a key, its value and the value's end stand; mostly of a key that matters."""
    if names and chance.random() < 0.75:
        key = f'"{chance.choice(names)}":'
        start = text.find(key)
        if start < 0:
            return None
        value = start + len(key)
    else:
        found = _KEY.search(text, chance.randrange(len(text) + 1))
        if found is None:
            return None
        start, value = found.span()
    return start, value, _value_end(text, value)


def _value_end(text: str, start: int) -> int:
    """The end of the value that begins there; brackets in texts are not looked for."""
    first = text[start : start + 1]
    if first == '"':
        end = text.find('"', start + 1)
        return len(text) if end < 0 else end + 1
    if first in ("[", "{"):
        depth = 0
        for found in re.finditer(r"[\[\]{}]", text[start:]):
            depth += 1 if found[0] in "[{" else -1
            if depth == 0:
                return start + found.end()
        return len(text)
    ended = _END.search(text, start)
    return len(text) if ended is None else ended.start()


def _value_mutations(names: Sequence[str]) -> tuple[Mutation, Mutation, Mutation, Mutation]:
    def exchange(text: str, chance: Random, _: str) -> str:
        for _number in range(chance.choice((1, 1, 1, 2, 5))):
            span = _value_span(text, chance, names)
            if span is not None:
                text = text[: span[1]] + hostile_value(chance) + text[span[2] :]
        return text

    def leave_out(text: str, chance: Random, _: str) -> str:
        span = _value_span(text, chance, names)
        if span is None:
            return text
        start, _value, end = span
        if text[end : end + 1] == ",":
            return text[:start] + text[end + 1 :]
        return text[: start - 1] + text[end:] if text[start - 1 : start] == "," else text[:start] + text[end:]

    def double(text: str, chance: Random, _: str) -> str:
        span = _value_span(text, chance, names)
        if span is None:
            return text
        start, value, _end = span
        return text[:start] + text[start:value] + hostile_value(chance) + "," + text[start:]

    def plausible(text: str, chance: Random, _: str) -> str:
        """Another value such as a printer could send: leads deep into the rules."""
        for _number in range(chance.choice((1, 2, 3))):
            name, values = chance.choice(_PLAUSIBLE)
            start = text.find(name)
            if start >= 0:
                value = start + len(name)
                text = text[:value] + chance.choice(values) + text[_value_end(text, value) :]
        return text

    return exchange, leave_out, double, plausible


_PLAUSIBLE = (
    ('"gcode_state":', tuple(f'"{word}"' for word in WORDS[:11])),
    ('"subtask_name":', ('"Benchy"', '"Other"', '""', '"Benchy.3mf"')),
    ('"task_id":', ('"0"', '"11"', '"12"', '""')),
    ('"mc_percent":', tuple(str(percent) for percent in range(0, 101, 4))),
    ('"layer_num":', tuple(str(layer) for layer in range(0, 300, 17))),
    ('"mc_remaining_time":', ("0", "1", "10", "400")),
    ('"stg_cur":', ("0", "-1", "4", "6", "16", "17", "30", "255")),
    ('"print_error":', ("0", "50348044", "50364437", "83935249", "83918929", "117473287")),
    (
        '"hms":',
        ("[]", '[{"attr":50336256,"code":131074}]', '[{"attr":117448704,"code":131073}]'),
    ),
)


def _damage_image(text: str, chance: Random, _: str) -> str:
    """The image's base64, or a marker or length in the JPEG itself."""
    found = _BASE64.search(text)
    if found is None:
        return text
    image = found[0]
    kind = chance.randrange(4)
    if kind == 0:
        place = chance.randrange(len(image))
        image = (
            image[:place] + chance.choice(("=", "-", "\\n", "\\/", " ", "ä", "\\u0041")) + image[place + 1 :]
        )
    elif kind == 1:
        image = image[: chance.randrange(len(image))]
    else:
        data = bytearray(base64.b64decode(image.rstrip("=")[: len(image) // 4 * 4 - 4]))
        for _number in range(chance.choice((1, 1, 3))):
            place = chance.randrange(min(len(data), 700) if kind == 2 else len(data))
            data[place] = chance.choice((0xFF, 0xD8, 0xD9, 0xDA, 0xC0, 0x00, chance.randrange(256)))
        if chance.random() < 0.1:
            data += bytes(chance.choice((1, 1000, 100_000)))
        image = base64.b64encode(data).decode("ascii")
    return text[: found.start()] + image + text[found.end() :]


class Mutator:
    """`names`: the keys that matter in these messages. Deterministic in the source of chance it is given."""

    def __init__(self, names: Sequence[str]) -> None:
        exchange, leave_out, double, plausible = _value_mutations(names)
        self._kinds: list[Mutation] = [
            *[exchange] * 8,
            *[plausible] * 8,
            *[double] * 3,
            *[leave_out] * 3,
            *[_flip] * 4,
            *[_damage_image] * 3,
            *[_truncate, _behead, _splice, _remove, _repeat, _insert],
        ]

    def mutate(self, text: str, chance: Random, other: str) -> str:
        """The text, damaged once or a few times; one in six stays as it is, so that prints go on."""
        if chance.random() < 0.17:
            return text
        for _number in range(chance.choice((1, 1, 1, 1, 2, 2, 4))):
            text = chance.choice(self._kinds)(text, chance, other)
        return text

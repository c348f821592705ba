"""What a person reads in the chat stands in one folder, ready for a second language, and nowhere else.

A text is taken for a person's if it has words with blanks between them, or a pictogram, and neither a log, an
error nor the far side is given it. What is only shown in a log though it looks like more is listed here.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# Whole packages that write to people or say why; of the others whatever makes a message, or is shown in one.
PACKAGES = ("notify", "chat", "tracker", "liveness")
MAKES_MESSAGES = {"Notification", "Message", "Span"}
SHOWN = {"functions/shared/printer_now.py"}
ROOMS = (
    "functions/shared/wording/",
    "functions/shared/domain/",  # tables: what codes, stages and slots mean
)
PLACES = ("functions", "infra/local", "collector")
NOT_FOR_PEOPLE = (
    "infra/local/doctor/",  # read in a terminal; its test message is made of words from a room
    "functions/notify/telegram_answer.py",  # what Telegram says, and advice for the log, health and doctor
    "functions/shared/messages/",  # stored forms
)
LOGGED = {
    # Words of Telegram's.
    "functions/chat/bot.py": {"can't parse entities", "no description", "thread not found"},
    "functions/chat/service.py": {"query is too old"},
    "functions/chat/turns.py": {"not for "},
    "functions/notify/refusals.py": {
        "Telegram refuses the bot's token (",
        "); messages wait, next tries every 15 min",
        "Telegram does not find the topic (",
        "); messages wait, from ",
        " on they go to the chat itself",
        "Telegram refuses the chat or the bot (",
        "); messages wait, next tries every minute",
        "Telegram refuses every message (",
    },
    "functions/notify/service.py": {
        "kept back",
        "sent as message ",
        "older message",
        "a smaller film is ordered",
        "left as it is",
    },
    "functions/notify/transports.py": {" bytes: ", " bytes]"},
    "functions/tracker/service.py": {"a job without a name"},
    "functions/inspection/service.py": {
        "fine (",
        "it is ",
        " min late",
        "no verdict: ",
        ", nothing is said",
        ", the user is told",
        ", a second look follows in ",
    },
    # and a command, to be copied as it is
    "functions/timelapse/service.py": {
        "a job without a name",
        " on ",
        "printer-bridge timelapse ",
        " --since ",
        " --until ",
    },
}
# Whoever is given a text here shows it to nobody in the chat.
_OTHERS = re.compile(
    r"_log\.|re\.|logging\.|.*Error$|.*\.failing$|(Answer|DeadLetter|NoVerdict|NoAnswer|CallError)$"
)
_WORDS = re.compile(r"[A-Za-z]{2,}[^A-Za-z0-9_/]* [^A-Za-z0-9_/]*[A-Za-z]|[☀-➿⏩-⏺\U0001f300-\U0001faff]")
_BIT = re.compile(r"(^|\W)[a-z]{2,}\s|\s[a-z]{2,}(\W|$)")  # beside a value


def texts_for_people(source: str) -> Iterator[str]:
    """The literals of a module that a person might read."""
    tree = ast.parse(source)
    others: set[int] = set()
    for node in ast.walk(tree):
        is_other = (
            isinstance(node, ast.Raise | ast.Assert)
            or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
            or (isinstance(node, ast.Call) and _OTHERS.match(ast.unparse(node.func)) is not None)
            or (isinstance(node, ast.FunctionDef) and node.name == "__repr__")
        )
        if is_other:
            others.update(id(inner) for inner in ast.walk(node))
    annotations = [
        annotation
        for node in ast.walk(tree)
        for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None))
        if annotation is not None
    ]
    others.update(id(inner) for annotation in annotations for inner in ast.walk(annotation))
    bits = {id(bit) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for bit in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in others:
            is_bit = id(node) in bits and _BIT.search(node.value) is not None
            if is_bit or _WORDS.search(node.value):
                yield node.value


def imported_names(source: str) -> set[str]:
    """Of ours."""
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    ours = [node for node in imports if (node.module or "").startswith("functions")]
    return {alias.name for node in ours for alias in node.names}


def makes_messages(source: str) -> bool:
    """Whether it imports what messages are made of and calls it."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    made = {node.func.id for node in calls if isinstance(node.func, ast.Name)}
    return bool(made & imported_names(source) & MAKES_MESSAGES)


def modules() -> Iterator[str]:
    """Those that make messages or are shown in one, but for the rooms of words."""
    for path in sorted(it for place in PLACES for it in (ROOT / place).rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name.startswith((*ROOMS, *NOT_FOR_PEOPLE)):
            continue
        is_function = name.startswith("functions/")
        source = path.read_text("utf-8")
        if (is_function and (name.split("/")[1] in PACKAGES or imported_names(source) & MAKES_MESSAGES)) or (
            name in SHOWN or makes_messages(source)
        ):
            yield name


@pytest.mark.parametrize("name", list(modules()))
def test_no_module_has_words_of_its_own(name: str) -> None:
    found = set(texts_for_people((ROOT / name).read_text("utf-8")))
    assert found == LOGGED.get(name, set())


@pytest.mark.parametrize(
    "source",
    [
        'said = "The print goes on."',
        'button = ("📷", data)',
        'parts = [f"took {lasted}"]',
        'said = f"{because} Check it."',
        'return Span("It is kept as ")',
        "def f() -> str:\n    return 'no longer muted' if x else y",
    ],
)
def test_words_are_found(source: str) -> None:
    assert list(texts_for_people(source))


@pytest.mark.parametrize(
    "source",
    [
        '"""Words of a docstring."""',
        '_log.warning("the topic of %s is not there", name)',
        'raise ValueError("must be two times of the day")',
        'fields = {"message_id": 1, "reply_markup": f"{kind}/{name}"}',
        'pattern = re.compile("[a-z] and more")',
        'answer = Answer(Outcome.WAIT, "not sent and answered")',
        'key = f"chat/{digest}"',
        'def f(begun: "Future[int] | None") -> "list[int] | None":\n    other: "int | None"',
    ],
)
def test_what_nobody_in_the_chat_reads_is_not(source: str) -> None:
    assert not list(texts_for_people(source))


def test_what_is_listed_is_there() -> None:
    assert {name for name in {*LOGGED, *SHOWN} if not (ROOT / name).is_file()} == set()


def test_who_writes_to_the_chat_outside_the_functions_is_looked_at_too() -> None:
    assert {"infra/local/disk_watch.py", *SHOWN} <= set(modules())

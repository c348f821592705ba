"""`--help` says what each command does, what is taken when nothing is said, and how it ends."""

import subprocess
import sys
from importlib import metadata

import pytest

from infra.local.__main__ import main
from infra.local.cli import make_parser
from tests.support.timeouts import TIMEOUT


def help_of(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as ended:
        make_parser().parse_args([*words, "--help"])
    assert ended.value.code == 0
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), ("Watches the printers", "Exit code 0", "--version", "doctor")),
        (("run",), ("Watches the printers", "Exit code 0")),
        (("doctor",), ("Looks at the settings", "Exit code 0: nothing is wrong", "(default: 60)")),
        (("chat-id",), ("Shows the chats", "Exit code 0: chats were shown", "(default: 0)")),
        (("timelapse",), ("Makes the film", "TIMELAPSE_FPS_CAP, else 30", "--since 20250131T174500", "130:")),
    ],
)
def test_the_help_is_enough_to_begin(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: tuple[str, ...]
) -> None:
    shown = help_of(capsys, *words)
    assert [it for it in said if it not in shown] == []


def test_the_version_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"printer-bridge {metadata.version('printer-realtime-bridge')}\n"


def test_help_works_where_only_latin_letters_can_be_shown() -> None:
    command = [sys.executable, "-m", "infra.local", "timelapse", "--help"]
    done = subprocess.run(command, env={"PYTHONIOENCODING": "ascii"}, capture_output=True, timeout=TIMEOUT)
    assert (done.returncode, done.stderr) == (0, b"")

"""How a person has to type this program's name, so that a command that is shown works where they are."""

import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

PROGRAM = "printer-bridge"
_COMMAND = re.compile(rf"(?<![\w./-]){PROGRAM}(?= (?:chat-id|doctor|run|timelapse)\b)")


def program_here() -> str:
    """For this process: its folder, its Python, its PATH."""
    return program_name(Path(sys.executable), Path(sys.argv[0]), Path.cwd(), shutil.which)


def program_name(
    python: Path, started_as: Path, folder: Path, which: Callable[[str], str | None] = shutil.which
) -> str:
    """The bare name if PATH leads to this very program, else the way to it from that folder.

    `python` is the interpreter, beside which a virtual environment has the program; `started_as` is the
    file that was started.
    """
    places = [started_as, python.with_name(PROGRAM)]
    script = next((it for it in places if it.name == PROGRAM and os.access(it, os.X_OK)), None)
    if script is None:
        return f"{_from(python, folder)} -m infra.local"
    on_path = which(PROGRAM)
    if on_path is not None and Path(on_path).absolute() == script.absolute():
        return PROGRAM
    return _from(script, folder)


def as_typed(text: str, program: str) -> str:
    """A text with every command of ours in it as it has to be typed."""
    return _COMMAND.sub(lambda _: program, text)


def _from(file: Path, folder: Path) -> str:
    place = file.absolute()
    return shlex.quote(str(place.relative_to(folder) if place.is_relative_to(folder) else place))

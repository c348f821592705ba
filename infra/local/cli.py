"""What `printer-bridge` and its commands can be told, and how this program's name is typed here."""

import argparse
import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from functions.shared import setting_types as kinds
from infra.local import timelapse_command

PROGRAM = "printer-bridge"
PRINTER_SECONDS = 60.0  # that the doctor gives a printer for a status and a picture
_COMMAND = re.compile(
    rf"(?<![\w./-]){PROGRAM}(?= (?:backup|chat-id|doctor|make-key|restore|run|timelapse)\b)"
)


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


_SETTINGS = (
    "Settings come from the environment and from .env in this folder; infra/docs/settings.md has a table."
)
_RUN = (
    "Watches the printers of BambUI until Ctrl-C: messages to Telegram or to the terminal, films, AI checks, "
    "page and API. A simulated printer is shown when no BambUI is set."
)
_RUN_CODES = (
    "Exit code 0: ended as asked; 1: cannot be done here; 2: settings cannot be used, or what is stored was "
    "written by a newer version."
)
_TIMELAPSE = "Makes the film of a folder of frames by hand, such as images/my-printer/Benchy."
_TIMELAPSE_EXAMPLE = (
    "Example: printer-bridge timelapse images/my-printer/Benchy --since 20250131T174500 --out benchy.mp4. "
    "Exit code 0: the film is made; 1: it cannot be; 2: settings cannot be used; 130: stopped."
)
_DOCTOR = (
    "Looks at the settings, BambUI and every printer, Telegram, the AI key and model, ffmpeg, disk, "
    "databases, port and clock, and says what to do about what is wrong. It may run beside the bridge, and "
    "shows no secret."
)
_DOCTOR_CODES = (
    "Exit code 0: nothing is wrong (warnings allowed); 1: something is; 2: settings cannot be used."
)
_MAKE_KEY = "Makes a key that nobody can guess and shows it as a line for .env. Nothing is stored."
_MAKE_KEY_EXAMPLE = "Example: printer-bridge make-key >> .env"
_CHAT_ID = (
    "Shows the chats and topics that the bot has seen within the last 24 hours, with the lines for .env. "
    "TELEGRAM_BOT_TOKEN must be set. Nothing is taken away from other programs."
)
_CHAT_ID_CODES = (
    "Exit code 0: chats were shown; 1: there are none, or Telegram cannot be asked; "
    "2: settings cannot be used."
)


def make_parser() -> argparse.ArgumentParser:
    """`command` is None or one of the commands; `version`: that is asked."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description=f"{_RUN} {_SETTINGS}",
        epilog=f"{_RUN_CODES} More on a command: {PROGRAM} doctor --help",
    )
    parser.add_argument("--version", action="store_true", help="show the version and end")
    commands = parser.add_subparsers(dest="command", metavar="command")
    commands.add_parser(
        "run", help="watch the printers (the default)", description=f"{_RUN} {_SETTINGS}", epilog=_RUN_CODES
    )
    film = commands.add_parser(
        "timelapse",
        help="make the film of a folder of frames by hand",
        description=_TIMELAPSE,
        epilog=_TIMELAPSE_EXAMPLE,
    )
    timelapse_command.add_arguments(film)
    doctor = commands.add_parser(
        "doctor",
        help="look at everything that can be wrong, and say what to do",
        description=_DOCTOR,
        epilog=_DOCTOR_CODES,
    )
    _add_env_file(doctor)
    doctor.add_argument("--json", action="store_true", help="for machines: JSON instead of the table")
    doctor.add_argument(
        "--send-test", action="store_true", help="send a real, silent message to the chat and its topic"
    )
    doctor.add_argument(
        "--seconds",
        type=timelapse_command.argument_type(kinds.number(1, 3600)),
        default=PRINTER_SECONDS,
        metavar="SECONDS",
        help="how long a printer may take for a status and a picture (default: 60)",
    )
    commands.add_parser(
        "make-key", help="make a key for API_KEY", description=_MAKE_KEY, epilog=_MAKE_KEY_EXAMPLE
    )
    chats = commands.add_parser(
        "chat-id",
        help="show the chats and topics that the bot has lately seen",
        description=_CHAT_ID,
        epilog=_CHAT_ID_CODES,
    )
    _add_env_file(chats)
    chats.add_argument("--json", action="store_true", help="for machines: JSON instead of words")
    chats.add_argument(
        "--wait",
        type=timelapse_command.argument_type(kinds.number(0, 86_400)),
        default=0.0,
        metavar="SECONDS",
        help="wait so long for a chat to show up (default: 0)",
    )
    _add_copies(commands)
    return parser


_BACKUP = (
    "Copies what is remembered (DATA_DIR) into one file, also while the bridge or the collector runs. "
    "Exit code 0: it is written; 1: it cannot be; 2: settings cannot be used."
)
_RESTORE = (
    "Puts a backup's state in place of what is in DATA_DIR, which is moved aside; the bridge must not run. "
    "Exit code 0: it is in place; 1: it cannot be; 2: settings cannot be used, or it is of a newer version."
)


def _add_copies(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    backup = commands.add_parser(
        "backup", help="copy the state into one file, also while the bridge runs", description=_BACKUP
    )
    backup.add_argument("file", type=Path, metavar="FILE", help="the file to write; it must not be there yet")
    backup.add_argument("--images", action="store_true", help="with frames and films (IMAGES_DIR)")
    restore = commands.add_parser("restore", help="put the state of a backup in place", description=_RESTORE)
    restore.add_argument("file", type=Path, metavar="FILE", help="what `backup` has written")


def _add_env_file(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--env-file",
        type=Path,
        metavar="FILE",
        help="the file with the settings that are meant (default: those in the environment, else of the "
        "installed service in /etc/printer-bridge, else .env in this folder)",
    )

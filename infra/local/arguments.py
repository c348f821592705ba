"""What `printer-bridge` and its commands can be told, and what `--help` says of them."""

import argparse

from functions.timelapse import by_hand
from infra.local.chat_ids import arguments as chat_id_arguments
from infra.local.doctor import arguments as doctor_arguments
from infra.local.invocation import PROGRAM

_SETTINGS = "Settings come from the environment and from .env in this folder; the README has a table of them."
_RUN = (
    "Watches the printers of BambUI until Ctrl-C: messages to Telegram or to the terminal, films, AI checks, "
    "page and API. A simulated printer is shown when no BambUI is set."
)
_RUN_CODES = "Exit code 0: ended as asked; 1: cannot be done here; 2: settings cannot be used."
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
_CHAT_ID = (
    "Shows the chats and topics that the bot has seen within the last 24 hours, with the lines for .env. "
    "TELEGRAM_BOT_TOKEN must be set. Nothing is taken away from other programs."
)
_CHAT_ID_CODES = (
    "Exit code 0: chats were shown; 1: there are none, or Telegram cannot be asked; "
    "2: settings cannot be used."
)


def make_parser() -> argparse.ArgumentParser:
    """`command` is None, run, timelapse, doctor or chat-id; `version`: only that is asked for."""
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
    by_hand.add_arguments(film)
    doctor = commands.add_parser(
        "doctor",
        help="look at everything that can be wrong, and say what to do",
        description=_DOCTOR,
        epilog=_DOCTOR_CODES,
    )
    doctor_arguments.add_arguments(doctor)
    chats = commands.add_parser(
        "chat-id",
        help="show the chats and topics that the bot has lately seen",
        description=_CHAT_ID,
        epilog=_CHAT_ID_CODES,
    )
    chat_id_arguments.add_arguments(chats)
    return parser

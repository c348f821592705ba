"""What `printer-bridge doctor` can be told."""

import argparse

from functions.shared import setting_types as kinds

PRINTER_SECONDS = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for machines: JSON instead of the table")
    parser.add_argument(
        "--send-test", action="store_true", help="send a real, silent message to the chat and its topic"
    )
    parser.add_argument(
        "--seconds",
        type=_seconds,
        default=PRINTER_SECONDS,
        metavar="SECONDS",
        help="how long a printer may take for a status and a picture (default: 60)",
    )


def _seconds(text: str) -> float:
    try:
        return kinds.number(1, 3600)(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None

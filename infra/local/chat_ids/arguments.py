"""What `printer-bridge chat-id` can be told."""

import argparse

from functions.shared import setting_types as kinds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for machines: JSON instead of words")
    parser.add_argument(
        "--wait",
        type=_seconds,
        default=0.0,
        metavar="SECONDS",
        help="wait so long for a chat to show up (default: 0)",
    )


def _seconds(text: str) -> float:
    try:
        return kinds.number(0, 86_400)(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None

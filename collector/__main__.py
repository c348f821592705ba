"""`python -m collector`: the edge program on its own."""

import os
import sys

from functions.bridge.errors import ConfigurationError
from functions.bridge.settings import load_settings

_USAGE_FAULT = 2


def main() -> int:
    """The exit code. The far side (queue and bucket) comes with the cloud back end."""
    try:
        load_settings(os.environ, "collector")
    except ConfigurationError as error:
        sys.stderr.write("These settings cannot be used:\n")
        sys.stderr.writelines(f"  {fault}\n" for fault in error.faults)
        return _USAGE_FAULT
    sys.stderr.write(
        "The collector on its own needs a far side to send to (REPORTS_QUEUE_URL, FRAMES_BUCKET), which "
        "comes with the cloud back end.\nTo run everything on this machine, start printer-bridge.\n"
    )
    return _USAGE_FAULT


if __name__ == "__main__":
    sys.exit(main())

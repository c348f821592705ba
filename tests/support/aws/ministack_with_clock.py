"""MiniStack, started as a program, whose queues' clock a test can put forward.

`python ministack_with_clock.py FILE`: FILE holds the seconds that its SQS is ahead of the machine's clock.
It ends with its standard input, so that a test run that is killed leaves nothing running.
"""

import os
import sys
import threading
import time
from pathlib import Path

import ministack.services.sqs as sqs  # type: ignore[import-untyped]
from ministack.app import main  # type: ignore[import-untyped]


class ForwardClock:
    """Stands where SQS looks for the module `time`; it asks it for nothing but `time()`."""

    def __init__(self, ahead: Path) -> None:
        self._ahead = ahead

    def time(self) -> float:
        return time.time() + float(self._ahead.read_text(encoding="ascii"))


def end_with_standard_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=end_with_standard_input, daemon=True).start()
    sqs.time = ForwardClock(Path(sys.argv.pop(1)))
    main()

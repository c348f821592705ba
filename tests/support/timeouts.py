"""How long a test waits for what must happen."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

TIMEOUT: Final = 300.0
"""Seconds after which a test gives up.

Every wait ends with its condition: this says nothing of how fast a thing must be, and a busy machine may take
nearly all of it. What is quick or slow is measured by `make bench`.
"""


async def eventually(condition: Callable[[], bool], seconds: float = TIMEOUT) -> None:
    """Wait for something that nobody announces. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - nobody sets an event for it
            await asyncio.sleep(0.01)


def wait_until(condition: Callable[[], bool], instead: Callable[[], str], seconds: float = TIMEOUT) -> None:
    """The same for a thread; `instead` says what there is in its place. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(instead())
        time.sleep(0.02)

"""Event loops of tests: one for code that takes the thread's own, and the end of every one."""

import asyncio
from asyncio.selector_events import BaseSelectorEventLoop
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest


@contextmanager
def own_event_loop() -> Iterator[None]:
    """As Mangum takes it: closed again, unlike Mangum's."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield
    finally:
        asyncio.set_event_loop(None)
        loop.close()


@contextmanager
def connections_end_with_their_loop() -> Iterator[None]:
    """Whatever connection stands when a loop is closed is cut off, as the end of a process would do it.

    asyncio leaves it to the garbage collector, which finds it in another test and warns there: a client that
    came in the very moment in which a server stopped is nobody's fault, and every warning fails a test.
    """
    close = BaseSelectorEventLoop.close

    def cut_off_and_close(loop: Any) -> None:
        if not loop.is_closed() and not loop.is_running() and not _runs_another():
            for transport in list(loop._transports.values()):  # noqa: SLF001 - nothing public names them
                transport.abort()
            loop.run_until_complete(asyncio.sleep(0))
        close(loop)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseSelectorEventLoop, "close", cut_off_and_close)
        yield


def _runs_another() -> bool:
    """Whether this thread is in a loop: then none can be run to its end in it."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True

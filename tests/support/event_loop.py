"""Event loops of tests: one for code that takes the thread's own, and the end of every one."""

import asyncio
import socket
from asyncio.selector_events import BaseSelectorEventLoop
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

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
    came in the very moment in which a server stopped is nobody's fault, and every warning fails a test. Nor
    is one that was accepted and is not served yet, as the task that would do so has not begun.
    """
    close = BaseSelectorEventLoop.close
    serve = BaseSelectorEventLoop._accept_connection2  # type: ignore[attr-defined]  # noqa: SLF001
    accepted: WeakKeyDictionary[Any, list[socket.socket]] = WeakKeyDictionary()

    def remember_and_serve(loop: Any, protocol: Any, connection: socket.socket, *more: Any) -> Any:
        accepted.setdefault(loop, []).append(connection)
        return serve(loop, protocol, connection, *more)

    def cut_off_and_close(loop: Any) -> None:
        if not loop.is_closed() and not loop.is_running() and not _runs_another():
            for transport in list(loop._transports.values()):  # noqa: SLF001 - nothing public names them
                transport.abort()
            loop.run_until_complete(asyncio.sleep(0))
            for connection in accepted.pop(loop, ()):
                connection.close()
        close(loop)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseSelectorEventLoop, "_accept_connection2", remember_and_serve)
        patch.setattr(BaseSelectorEventLoop, "close", cut_off_and_close)
        yield


def _runs_another() -> bool:
    """Whether this thread is in a loop: then none can be run to its end in it."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True

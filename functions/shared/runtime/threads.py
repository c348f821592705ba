"""Blocking calls (name look-ups, HTTP) in threads that nobody waits for when the program ends."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

ResultT = TypeVar("ResultT")


async def run_in_daemon_thread(function: Callable[[], ResultT]) -> ResultT:
    """The function's result or exception. Cancelling stops the wait, not the thread.

    The event loop's own threads are joined at its end: a name look-up that hangs while the network is away
    would hold up the program's end for as long.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[ResultT] = loop.create_future()

    def deliver(result: ResultT | None, error: Exception | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # the function's own result

    def run() -> None:
        result, failure = None, None
        try:
            result = function()
        except Exception as error:  # noqa: BLE001 - handed to the one who waits
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(deliver, result, failure)

    threading.Thread(target=run, daemon=True, name="collector-call").start()
    return await future

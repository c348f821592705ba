"""Frames fetched in parallel and given in order, few at a time, so that memory stays bounded."""

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from functions.bridge.errors import NotFoundError
from functions.bridge.jpeg import jpeg_fault

WORKERS = 8
AHEAD = 16

Fetch = Callable[[str], bytes]


def fetch_whole(fetch: Fetch, key: str) -> bytes | None:
    """The frame of that key, or None if it is gone or no whole JPEG. Raises TransientError."""
    try:
        data = fetch(key)
    except NotFoundError:
        return None
    return None if jpeg_fault(data) else data


def fetch_in_order(
    keys: Sequence[str], fetch: Fetch, workers: int = WORKERS, ahead: int = AHEAD
) -> Generator[bytes | None, None, None]:
    """One item a key, in order; at most `ahead` frames are held at a time. Raises what `fetch` raises."""
    pool = ThreadPoolExecutor(workers, thread_name_prefix="frames")
    under_way: deque[Future[bytes | None]] = deque()
    rest = iter(keys)
    try:
        while True:
            for key in rest:
                under_way.append(pool.submit(fetch_whole, fetch, key))
                if len(under_way) >= ahead:
                    break
            if not under_way:
                return
            yield under_way.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)

"""What Prometheus reads: the text of all metrics, made when it is asked for.

A part that fails is left out and said once; it never costs the others anything.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from functions.bridge.errors import TransientError

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

_FRESH_SECONDS = 0.5
_PATIENCE_SECONDS = 5.0
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Part = Callable[[], "Iterable[Metric]"]

_log = logging.getLogger(__name__)


class MetricsPage:
    """`parts` by name; any thread may call `text`. Asked again within `fresh_seconds` it gives the same text:
    nobody can make the bridge busy by asking."""

    def __init__(
        self,
        parts: Mapping[str, Part],
        *,
        fresh_seconds: float = _FRESH_SECONDS,
        patience_seconds: float = _PATIENCE_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._parts = dict(parts)
        self._fresh_seconds = fresh_seconds
        self._patience_seconds = patience_seconds
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._newest = b""
        self._made_at: float | None = None
        self._failing: set[str] = set()

    def text(self) -> bytes:
        """Prometheus text format 0.0.4. Raises TransientError while another call hangs."""
        if not self._lock.acquire(timeout=self._patience_seconds):
            raise TransientError("the metrics are being read since a while: is the disk slow?")
        try:
            made_at = self._made_at
            if made_at is None or self._monotonic() - made_at >= self._fresh_seconds:
                self._newest = b"".join([self._part(name, part) for name, part in self._parts.items()])
                self._made_at = self._monotonic()
            return self._newest
        finally:
            self._lock.release()

    def _part(self, name: str, part: Part) -> bytes:
        from prometheus_client.exposition import generate_latest

        try:
            text = generate_latest(_Made(part()))
        except Exception as error:  # noqa: BLE001 - whatever it is, the rest is told
            if name not in self._failing:
                self._failing.add(name)
                _log.warning(
                    "metrics of %s are left out until they can be read: %s: %s",
                    *(name, type(error).__name__, str(error)[:200]),
                )
            return b""
        if name in self._failing:
            self._failing.discard(name)
            _log.info("metrics of %s are there again", name)
        return text


class _Made:
    """Families as the library's exposition wants them."""

    def __init__(self, families: "Iterable[Metric]") -> None:
        self._families = families

    def collect(self) -> "Iterator[Metric]":
        for family in self._families:
            time.sleep(0)  # lets the event loop have the interpreter in between
            yield family

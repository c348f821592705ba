"""Memory, processor time and open files of this process, under the names that all Prometheus clients use."""

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from prometheus_client.metrics_core import Metric


def process_part(proc: str = "/proc") -> "Callable[[], Iterable[Metric]]":
    """Gives the families, as often as it is called; none where there is no /proc."""
    made: list[Callable[[], Iterable[Metric]]] = []

    def families() -> "Iterable[Metric]":
        if not made:
            made.extend(_collectors(proc))
        for collect in made:
            yield from collect()

    return families


def _collectors(proc: str) -> "list[Callable[[], Iterable[Metric]]]":
    from prometheus_client import PlatformCollector, ProcessCollector

    class Process(ProcessCollector):
        """The library reads the time of the boot from /proc/stat and gives nothing without it; a hardened
        service (systemd's ProcSubset=pid) has only the processes there."""

        def _boot_time(self) -> float:
            return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)

    return [Process(proc=proc, registry=None).collect, PlatformCollector(registry=None).collect]

"""What the process uses, also where a hardened service sees little of /proc."""

import os
import time
from pathlib import Path

from collector.metrics.agent import process_part
from collector.metrics.exposition import MetricsPage
from tests.support.metrics.exposition import read_exposition


def test_memory_processor_time_and_files_are_announced() -> None:
    exposition = read_exposition(MetricsPage({"process": process_part()}).text())
    resident = exposition.value("process_resident_memory_bytes")
    assert resident is not None
    assert 10e6 < resident < 2e9
    assert exposition.value("process_open_fds")
    assert exposition.value("process_cpu_seconds_total")


def test_a_service_that_sees_only_processes_in_proc_tells_them_too(tmp_path: Path) -> None:
    """systemd's ProcSubset=pid, which our units have, hides /proc/stat."""
    (tmp_path / "self").symlink_to(f"/proc/{os.getpid()}")
    exposition = read_exposition(MetricsPage({"process": process_part(str(tmp_path))}).text())
    started = exposition.value("process_start_time_seconds")
    assert exposition.value("process_resident_memory_bytes")
    assert started is not None
    assert time.time() - 3600 * 24 < started <= time.time() + 1


def test_without_proc_the_rest_is_announced(tmp_path: Path) -> None:
    exposition = read_exposition(MetricsPage({"process": process_part(str(tmp_path))}).text())
    assert {name for name, _ in exposition.values} == {"python_info"}

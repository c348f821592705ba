"""Lets the two clients of `receivers` receive what `load_generator` sends, and measures them."""

import asyncio
import json
import os
import sys
from array import array
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.performance.benchmarks.receivers import LAGS
from tests.reliability.soak.sampling import process_values

ROOT = Path(__file__).parents[3]
MEGABYTE = 1024 * 1024
WARM_UP_SECONDS = 5
_PATIENCE = 120.0


@dataclass(frozen=True)
class Measured:
    """CPU time (all threads) a message, memory at the end, and every message's lag in order of size."""

    microseconds: float
    megabytes: float
    lags: list[float]
    load: dict[str, float]

    def lag(self, share: float) -> float:
        """In milliseconds."""
        return self.lags[int(share * (len(self.lags) - 1))] * 1e3

    @property
    def of_load(self) -> str:
        """Whether the generator kept up: it is not what was measured."""
        load = self.load
        return (
            f"generator: {load['messages']:.0f} messages, {load['late_p99_ms']:.1f} ms late at p99, "
            f"{load['core'] * 100:.0f} % of a core, {load['not_at_once']:.0f} waited for the reader"
        )


class Load:
    """A running `load_generator`."""

    def __init__(self, process: Process, count: int) -> None:
        self._process = process
        self.names = [f"P-{number:04d}" for number in range(1, count + 1)]
        self.http_url = ""

    async def ask(self, line: str = "") -> dict[str, float]:
        """Raises TimeoutError."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if line:
            self._process.stdin.write(f"{line}\n".encode())
        async with asyncio.timeout(_PATIENCE):
            answer: dict[str, float] = json.loads(await self._process.stdout.readline())
        return answer

    async def measure(
        self, kind: str, loop: str, seconds: int, folder: Path, warm_up: int = WARM_UP_SECONDS
    ) -> Measured:
        """One receiver from its start to its end; what comes in the first seconds does not count."""
        folder.mkdir()  # noqa: ASYNC240 - nothing else runs yet
        receiver = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.performance.benchmarks.receivers"),
            *(kind, loop, self.http_url, str(folder), *self.names),
            cwd=ROOT,
            stderr=DEVNULL if kind == "bare" else None,
        )
        try:
            await self.ask("wait clients")
            await self.ask(f"send {warm_up}")
            before = cpu_seconds(receiver.pid)
            load = await self.ask(f"send {seconds}")
            spent = cpu_seconds(receiver.pid) - before
            megabytes = resident_megabytes(receiver.pid)
        finally:
            receiver.terminate()
            await asyncio.wait_for(receiver.wait(), 30)
        await self.ask("wait nobody")
        lags = _lags(folder, load["begun"]) if kind == "collector" else []
        return Measured(spent / load["messages"] * 1e6, megabytes, lags, load)


@asynccontextmanager
async def load_of(printers: int) -> AsyncIterator[Load]:
    """A generator for so many printers, listening."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.performance.benchmarks.load_generator", str(printers)),
        cwd=ROOT,
        stdin=PIPE,
        stdout=PIPE,
    )
    load = Load(process, printers)
    try:
        load.http_url = f"http://127.0.0.1:{int((await load.ask())['port'])}"
        yield load
    finally:
        process.kill()
        await process.wait()


def cpu_seconds(process_id: int) -> float:
    """User and system time of a running process, to the nanosecond; of all threads that still run."""
    tasks = Path(f"/proc/{process_id}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def resident_megabytes(process_id: int) -> float:
    """All of it, shared libraries included."""
    return process_values(process_id)["resident"] / MEGABYTE


def show(*values: Any) -> None:
    """With the machine's load, which every figure here depends on."""
    sys.stdout.write(
        "\n" + "\n".join(map(str, values)) + f"\nload of the machine: {os.getloadavg()[0]:.1f}\n"
    )


def _lags(folder: Path, since: float) -> list[float]:
    pairs = array("d")
    pairs.frombytes((folder / LAGS).read_bytes())
    return sorted(lag for sent_at, lag in zip(pairs[::2], pairs[1::2], strict=True) if sent_at >= since)

"""The programs run in uvloop where it is there, and in asyncio's own loop where it is not."""

import asyncio
import importlib.util
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from collector.app import run
from tests.support.timeouts import TIMEOUT

ROOT = Path(__file__).parents[2]
OF_SIGNALS = """
import asyncio, os, signal, sys
for name in sys.argv[1:]:
    sys.modules[name] = None
from collector.app import run
async def work():
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    print(type(loop).__module__.split(".")[0], flush=True)
    await stop.wait()
    return "ended"
print(run(work()), flush=True)
"""


@pytest.mark.parametrize("blocked", [(), ("uvloop",)])
def test_it_is_asked_to_end_by_a_signal_in_either_loop(blocked: tuple[str, ...]) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OF_SIGNALS, *blocked], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        loop = program.stdout.readline().strip()
        program.send_signal(signal.SIGTERM)
        assert program.stdout.read().strip() == "ended"
        assert program.wait(TIMEOUT) == 0
    assert loop == ("asyncio" if blocked or not _has_uvloop() else "uvloop")


def _has_uvloop() -> bool:
    return importlib.util.find_spec("uvloop") is not None


def test_what_the_work_raises_comes_out() -> None:
    async def work() -> None:
        await asyncio.sleep(0)
        raise LookupError("its own")

    with pytest.raises(LookupError, match="its own"):
        run(work())

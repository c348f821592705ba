"""A real process: what was freed is no longer its own."""

import subprocess
import sys

import pytest

from functions.shared.runtime.heap import return_large_blocks
from tests.support.timeouts import TIMEOUT

_COURSE = """
import os, sys
from functions.shared.runtime.heap import return_large_blocks
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
if sys.argv[1] == "told":
    return_large_blocks()
del (large := [b"x" * (24 << 20)])[:]  # from here on glibc has what is smaller in its heap
kept, before = [], resident()
pictures = []
for _ in range(4):
    pictures.append(b"x" * (8 << 20))
    kept.append(b"x" * 100_000)
del pictures
print((resident() - before) >> 20)
"""


def held(told: str) -> int:
    """Megabytes of pictures that the process has after it freed all of them."""
    done = subprocess.run(
        [sys.executable, "-c", _COURSE, told], capture_output=True, text=True, check=True, timeout=TIMEOUT
    )
    return int(done.stdout)


@pytest.mark.skipif(not return_large_blocks(), reason="only glibc can be told so")
def test_large_blocks_that_are_freed_go_back_to_the_system() -> None:
    assert held("told") <= 4
    assert held("untold") >= 16

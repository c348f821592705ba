"""Real processes with real limits: the limit is raised, and one that has run out is called by its name."""

import subprocess
import sys

import pytest

from functions.shared.runtime.descriptors import are_descriptors_used_up
from tests.support.timeouts import TIMEOUT


def said(limits: str, code: str) -> str:
    done = subprocess.run(
        ["sh", "-c", f'{limits}; exec "$@"', "sh", sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=TIMEOUT,
    )
    return done.stdout.strip()


_RAISED = "from functions.shared.runtime.descriptors import *; import resource; "
_RAISED += "print(raise_descriptor_limit(400), resource.getrlimit(resource.RLIMIT_NOFILE)[0])"


@pytest.mark.parametrize(
    ("limits", "raised"),
    [
        ("ulimit -Sn 100; ulimit -Hn 500", "400 400"),
        ("ulimit -Sn 100; ulimit -Hn 300", "300 300"),
        ("ulimit -n 450", "450 450"),
    ],
)
def test_the_limit_is_raised_as_far_as_it_may_be(limits: str, raised: str) -> None:
    assert said(limits, _RAISED) == raised


_USED_UP = """
import os, tempfile
from pathlib import Path
from functions.shared.runtime import descriptors
from infra.local.storage.database import SqliteDatabase
folder = Path(tempfile.mkdtemp())
SqliteDatabase(folder / "state.db").close()  # everything is imported
held = []
try:
    while True:
        held.append(os.open(os.devnull, os.O_RDONLY))
except OSError as error:
    print(descriptors.are_descriptors_used_up(error), descriptors.are_descriptors_used_up())
try:
    SqliteDatabase(folder / "other.db")
except Exception as error:
    held.clear()
    print(error)
"""


def test_sqlite_that_cannot_open_a_file_for_lack_of_descriptors_is_told_so() -> None:
    words = said("ulimit -n 64", _USED_UP)
    assert words.startswith("True True\n")
    assert "no file descriptor is free (EMFILE)" in words


def test_any_other_fault_is_not_taken_for_it() -> None:
    assert not are_descriptors_used_up()
    assert not are_descriptors_used_up(PermissionError(13, "no"))
    assert are_descriptors_used_up(OSError(24, "Too many open files"))

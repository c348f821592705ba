"""One MiniStack for all test modules of a process; a test module takes it by `pytest_plugins`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.aws.places import MiniStack, aws_environment, running_ministack


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MiniStack]:
    """Started once: a start, and new clients for its address, take longer than most tests."""
    with running_ministack(tmp_path_factory.mktemp("ministack")) as running:
        yield running


@pytest.fixture(scope="module")
def aws_clock_file(running: MiniStack) -> Iterator[Path]:
    """The environment names it to this module, whose time begins now; the file that moves its clock."""
    running.ahead.write_text("0", encoding="ascii")
    with aws_environment(running.endpoint):
        yield running.ahead

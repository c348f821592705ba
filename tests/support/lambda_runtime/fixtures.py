"""Fixtures of the tests of Lambda handlers; a test module takes them by `pytest_plugins`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.aws.places import ministack
from tests.support.lambda_runtime.stack import LambdaStack, lambda_stack


@pytest.fixture(scope="module")
def aws_clock_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """MiniStack for one module, and the file that moves its clock."""
    with ministack(tmp_path_factory.mktemp("ministack")) as ahead:
        yield ahead


@pytest.fixture
def stack(tmp_path: Path, aws_clock_file: Path) -> Iterator[LambdaStack]:
    """A stack of its own."""
    with lambda_stack(tmp_path, aws_clock_file) as made:
        yield made

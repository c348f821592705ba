"""Fixtures of the tests of Lambda handlers; a test module takes them by `pytest_plugins`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.lambda_runtime.stack import LambdaStack, lambda_stack

pytest_plugins = ("tests.support.aws.fixtures",)


@pytest.fixture
def stack(tmp_path: Path, aws_clock_file: Path) -> Iterator[LambdaStack]:
    """A stack of its own."""
    with lambda_stack(tmp_path, aws_clock_file) as made:
        yield made

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functions.chat.harness import Harness
from tests.support.telegram.server import TelegramServer


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        yield server


@pytest.fixture
def harness(tmp_path: Path, telegram: TelegramServer) -> Harness:
    """A private chat."""
    return Harness(tmp_path, telegram)

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functions.notify.harness import Scene
from tests.support.telegram.server import TelegramServer


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        yield server


@pytest.fixture
def scene(tmp_path: Path, telegram: TelegramServer) -> Scene:
    """A private chat."""
    return Scene(tmp_path, telegram, telegram.chat_id)

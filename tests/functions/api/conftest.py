from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functions.api.bridge_data import BridgeData


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[BridgeData]:
    """Everything in one process, the memory included."""
    data = BridgeData(tmp_path)
    yield data
    data.database.close()


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[BridgeData]:
    """Stores only, as in the cloud."""
    data = BridgeData(tmp_path, is_embedded=False)
    yield data
    data.database.close()

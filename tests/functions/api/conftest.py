from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functions.api.bridge_data import BridgeData
from tests.support.chromium import ABSENT, Tab, chromium, find_chromium


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


@pytest.fixture(scope="session")
def page_tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    """One browser for all that is looked at through one."""
    program = find_chromium()
    if program is None:
        pytest.skip(ABSENT)
    with chromium(program, "about:blank", tmp_path_factory.mktemp("browser")) as tab:
        yield tab

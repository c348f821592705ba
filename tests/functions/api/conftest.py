from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.functions.api.bridge_data import BridgeData
from tests.functions.api.made_up_history import MadeUpHistory
from tests.functions.api.page_scene import fill
from tests.functions.api.page_stage import Stage, film_of, staged
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


@pytest.fixture(scope="module")
def stage(page_tab: Tab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The page without a key, with all that there is to see."""
    folder = tmp_path_factory.mktemp("stage")
    data = BridgeData(folder)
    fill(data)
    with closing(data.database), staged(data, MadeUpHistory(film_of(folder)), page_tab) as stage:
        yield stage


@pytest.fixture(autouse=True)
def anew(request: pytest.FixtureRequest) -> None:
    """No test sees what another did on the stage."""
    if "stage" in request.fixturenames:
        request.getfixturevalue("stage").reset()

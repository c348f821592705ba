from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functions.inspection.watched_print import WatchedPrint, watched_print


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[WatchedPrint]:
    with watched_print(tmp_path) as found:
        yield found

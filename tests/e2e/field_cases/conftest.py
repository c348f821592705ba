"""What the tests of field cases share: playing steps, with what holds for every case checked at once."""

import itertools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests.e2e.field_cases.field_run import play
from tests.e2e.field_cases.played import Played
from tests.e2e.field_cases.steps import Step, course

Tell: TypeAlias = Callable[..., Played]


@pytest.fixture
def tell(tmp_path: Path) -> Tell:
    """Plays steps and lists of steps, each time anew; `name` begins with the printer's model."""
    folders = (tmp_path / str(number) for number in itertools.count())

    def play_steps(*parts: Step | Iterable[Step], name: str = "p1s", **case: Any) -> Played:
        played = play(next(folders), {"steps": course(*parts), **case}, name)
        assert played.faults() == []
        return played

    return play_steps

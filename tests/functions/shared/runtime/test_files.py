"""What cannot be looked at is not missing."""

from pathlib import Path

import pytest

from functions.shared.runtime.files import is_there
from tests.support.descriptors import no_right_to


def test_there_not_there_and_behind_a_file(tmp_path: Path) -> None:
    assert is_there(tmp_path)
    assert not is_there(tmp_path / "nothing")
    (tmp_path / "file").touch()
    assert not is_there(tmp_path / "file" / "inside")


def test_without_the_right_to_look_nothing_is_known(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir()
    with no_right_to(folder), pytest.raises(PermissionError):
        is_there(folder / "frame")

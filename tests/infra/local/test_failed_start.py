"""A start that fails leaves no database open, and finds nothing in its way when it is tried again."""

import io
import socket
from pathlib import Path

import pytest

from functions.shared.errors import PermanentError
from functions.shared.settings import Settings
from infra.local.app import Bridge
from tests.support.open_databases import none_left_open


def test_a_port_in_use_leaves_no_database_open(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, none_left_open():
        settings = Settings(
            data_dir=tmp_path / "data", images_dir=tmp_path / "images", port=taken.getsockname()[1]
        )
        for _ in range(2):  # the second time it is the port again, not the lock of the first
            with pytest.raises(PermanentError, match="it is in use"):
                Bridge(settings, io.StringIO())

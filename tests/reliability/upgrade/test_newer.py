"""Older programs, started on the folders of a newer one: they end with 2, say why, and touch nothing."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.program import Program
from tests.support.samples import copied

LOOPBACK = {
    "SIMULATE": "0",
    "PRINTERS_API_URL": "http://127.0.0.1:9/api/printers",
    "WS_URL_TEMPLATE": "ws://127.0.0.1:9/{printer_id}",
    "REPORTS_QUEUE_URL": "http://127.0.0.1:9/1/reports.fifo",
    "FRAMES_BUCKET": "frames",
    "AWS_ACCESS_KEY_ID": "no",
    "AWS_SECRET_ACCESS_KEY": "no",
    "AWS_DEFAULT_REGION": "eu-central-1",
}


class EdgeProgram(Program):
    module = "collector"


@pytest.mark.parametrize(
    ("program", "part", "newer"),
    [
        (Program, "embedded", "bridge.sqlite3"),
        (Program, "embedded", "outbox/outbox.db"),
        (EdgeProgram, "collector", "outbox/outbox.db"),
    ],
)
def test_what_a_newer_version_left_is_not_touched(
    tmp_path: Path, program: type[Program], part: str, newer: str
) -> None:
    folder = copied(part, tmp_path)
    data = folder / "data_dir"
    with closing(sqlite3.connect(data / newer)) as connection:
        connection.execute("PRAGMA user_version = 2")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    settings = LOOPBACK | {"DATA_DIR": str(data), "IMAGES_DIR": str(folder / "images_dir")}
    with program(tmp_path / "started_here", **settings) as started:
        assert started.wait(60) == 2
        said = started.all
    assert "was written by a newer version" in said
    assert newer.rpartition("/")[2] in said
    assert "Traceback" not in said
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before

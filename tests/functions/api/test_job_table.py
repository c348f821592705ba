"""Jobs for a spreadsheet: all of them, in pieces, and nothing that it would run."""

import csv
import io
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.api import history
from functions.api.job_table import COLUMNS, header_row, job_rows
from functions.shared.messages.job_history import JobEnd, line_of
from tests.functions.api.bridge_data import NOW, BridgeData, asking
from tests.functions.api.kept_jobs import keep_job
from tests.functions.api.serving import served

DAY = 86_400.0


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_cell_is_run_as_a_formula_and_each_stays_one_cell(name: str, reason: str) -> None:
    facts: dict[str, Any] = {"printer_id": name, "name": name, "reason": reason, "model": reason}
    end = JobEnd(job_id="j1", result="failed", started_at=NOW - 60, ended_at=NOW, **facts)
    header, row = rows_of(header_row() + job_rows([line_of(end, None)]))
    assert tuple(header) == COLUMNS
    assert len(row) == len(COLUMNS)
    for cell in row:
        assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n", "|", "%"))


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\uff1d1", "=cmd|' /C calc'!A0"]
)
def test_a_formula_is_told_as_text(name: str) -> None:
    end = JobEnd(job_id="j", printer_id="p", name=name, result="finished", started_at=0.0, ended_at=1.0)
    (row,) = rows_of(job_rows([line_of(end, None)]))
    assert row[2] == "'" + name


def test_the_table_has_every_job_and_is_sent_in_pieces(
    bridge: BridgeData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "_TABLE_PAGE", 3)
    for number in range(8):
        keep_job(bridge, f"j{number}", NOW - number * DAY, "B2" if number % 2 else "A1")
    with served(bridge.app()) as server:
        answer = server.ask("/api/jobs.csv")
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="jobs.csv"'
        assert answer.headers["Transfer-Encoding"] == "chunked"
        header, *rows = rows_of(answer.body.decode())
        assert (tuple(header), [row[-1] for row in rows]) == (COLUMNS, [f"j{it}" for it in range(8)])
        assert rows[0][:8] == [
            "A1",
            "A1M",
            "Part j0",
            "finished",
            "",
            "2025-11-22T09:08:00Z",
            "2025-11-22T13:08:00Z",
            "14400",
        ]
        some = rows_of(server.ask("/api/jobs.csv?printer=B2&since=2025-11-19").body.decode())
        assert [row[-1] for row in some[1:]] == ["j1", "j3"]


def test_times_that_nobody_saw_are_told_as_such() -> None:
    end = JobEnd(job_id="j", printer_id="p", result="ended", started_at=0.0, ended_at=1.0)
    seen = replace(end, start_is_known=True, end_is_known=True)
    rows = rows_of(job_rows([line_of(end, None), line_of(seen, None)]))
    assert [row[COLUMNS.index("start_is_known")] for row in rows] == ["false", "true"]
    assert [row[COLUMNS.index("end_is_known")] for row in rows] == ["false", "true"]


async def test_an_empty_table_has_its_header(bridge: BridgeData) -> None:
    async with asking(bridge.app()) as client:
        assert (await client.get("/api/jobs.csv")).text == header_row()

"""Many printers with large pictures: what their sessions hold of them, counted in bytes."""

import gc
import tracemalloc
from collections.abc import Iterator

import pytest

from functions.shared.latest_pictures import LatestPictures
from functions.shared.live import Live
from tests.collector.printer.session_harness import RUNNING, SessionHarness
from tests.support.edge_material import large_jpeg

PRINTERS, SIZE, LIMIT = 40, 300_000, 4_000_000


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.usefixtures("traced")
def test_pictures_of_all_printers_have_one_bound() -> None:
    pictures = LatestPictures(LIMIT)
    live = Live(pictures)
    sessions = [SessionHarness(live=live, printer_id=f"P-{number}") for number in range(PRINTERS)]
    for session in sessions:
        session.status(gcode_state="IDLE")
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    for shade in range(2):
        for session in sessions:
            session.captured(large_jpeg(SIZE, shade))
    gc.collect()
    assert tracemalloc.get_traced_memory()[0] - before < LIMIT + SIZE
    assert pictures.given_way > PRINTERS
    assert len(live.printers()) == PRINTERS


def test_a_picture_that_gave_way_is_missed_by_nobody() -> None:
    pictures = LatestPictures(SIZE // 2)
    session = SessionHarness(pictures=pictures)
    session.status(**RUNNING)
    session.captured(large_jpeg(SIZE))  # the first of a job is kept for the film
    session.status(**RUNNING | {"gcode_state": "PAUSE"})
    film, *reports = [one for one in session.kept if one.captured is not None or one.report is not None][-2:]
    assert pictures.bytes == 0
    assert film.captured is not None
    assert len(film.captured.data) == SIZE
    (pause,) = reports
    assert pause.captured is None  # the outbox names the frame above

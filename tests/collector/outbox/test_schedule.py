import dataclasses
import math

from hypothesis import given, settings
from hypothesis import strategies as st

from collector.outbox.model import WaitingFrame, WaitingReport
from collector.outbox.schedule import (
    BATCH_BYTES,
    FRAME_WAIT_SECONDS,
    is_late,
    plan_batch,
    plan_frame,
    shipped_at,
)
from functions.shared.ports import BATCH_LIMIT

NOW = 1000.0


def waiting(
    number: int,
    printer_id: str = "A",
    *,
    age: float | None = 0.0,
    frame_key: str | None = None,
    size: int = 5000,
    observed_at: float | None = None,
) -> WaitingReport:
    return WaitingReport(
        number=number,
        printer_id=printer_id,
        observed_at=float(number) if observed_at is None else observed_at,
        added_at=None if age is None else NOW - age,
        size=size,
        token="run",
        frame_key=frame_key,
        is_change=True,
    )


def frame(key: str, taken_at: float = 0.0) -> WaitingFrame:
    return WaitingFrame(key, f"{key}.jpg", "A", "run", taken_at, 100, is_film=True, is_saved=True)


def numbers(batch: list[WaitingReport]) -> list[int]:
    return [report.number for report in batch]


def test_reports_of_several_printers_go_oldest_first_and_in_order_within_each() -> None:
    lines = [[waiting(1), waiting(4)], [waiting(2, "B"), waiting(3, "B")]]
    batch, wait = plan_batch(lines, (), NOW)
    assert numbers(batch) == [1, 2, 3, 4]
    assert wait == math.inf


def test_no_batch_has_more_than_ten_reports_or_a_mebibyte() -> None:
    batch, wait = plan_batch([[waiting(number) for number in range(25)]], (), NOW)
    assert numbers(batch) == list(range(BATCH_LIMIT))
    assert wait == 0.0
    batch, wait = plan_batch([[waiting(number, size=400_000) for number in range(5)]], (), NOW)
    assert numbers(batch) == [0, 1]
    assert wait == 0.0


def test_a_report_larger_than_any_batch_goes_alone() -> None:
    batch, _ = plan_batch([[waiting(1, size=2 * BATCH_BYTES), waiting(2)]], (), NOW)
    assert numbers(batch) == [1]


def test_a_report_waits_for_its_frame_and_holds_back_only_its_own_printer() -> None:
    lines = [[waiting(1, age=2.0, frame_key="f"), waiting(2)], [waiting(3, "B")]]
    batch, wait = plan_batch(lines, {"f"}, NOW)
    assert numbers(batch) == [3]
    assert wait == FRAME_WAIT_SECONDS - 2.0


def test_a_report_goes_once_its_frame_is_shipped() -> None:
    batch, _ = plan_batch([[waiting(1, frame_key="f")]], {"another"}, NOW)
    assert numbers(batch) == [1]


def test_after_ten_seconds_no_alert_waits_for_its_frame() -> None:
    batch, _ = plan_batch([[waiting(1, age=FRAME_WAIT_SECONDS, frame_key="f")]], {"f"}, NOW)
    assert numbers(batch) == [1]


def test_a_report_read_back_after_a_restart_does_not_wait_at_all() -> None:
    report = waiting(1, age=None, frame_key="f")
    assert is_late(report, NOW)
    assert numbers(plan_batch([[report]], {"f"}, NOW)[0]) == [1]


def test_a_jump_of_the_clock_invents_no_lateness() -> None:
    report = waiting(1, age=3.0, observed_at=50.0)
    assert shipped_at(report, NOW, wall=1e9) == 53.0


def test_after_a_restart_lateness_is_measured_by_the_clock_and_never_negative() -> None:
    report = waiting(1, age=None, observed_at=50.0)
    assert shipped_at(report, NOW, wall=80.0) == 80.0
    assert shipped_at(report, NOW, wall=20.0) == 50.0


def test_the_frame_of_a_fresh_report_goes_before_older_ones() -> None:
    frames = {key: frame(key) for key in ("old", "older", "named")}
    fresh = [waiting(1, frame_key="named")]
    chosen = plan_frame(fresh, frames.values(), frames.get, (), is_old_allowed=True)
    assert chosen == frames["named"]


def test_old_frames_wait_while_they_are_not_allowed_but_named_ones_do_not() -> None:
    frames = {key: frame(key) for key in ("old", "named")}
    assert plan_frame([], frames.values(), frames.get, (), is_old_allowed=False) is None
    fresh = [waiting(1, frame_key="named")]
    assert plan_frame(fresh, frames.values(), frames.get, (), is_old_allowed=False) == frames["named"]


def test_no_frame_is_shipped_by_two_at_once() -> None:
    frames = {key: frame(key) for key in ("a", "b")}
    fresh = [waiting(1, frame_key="a")]
    assert plan_frame(fresh, frames.values(), frames.get, {"a"}, is_old_allowed=True) == frames["b"]
    assert plan_frame(fresh, frames.values(), frames.get, {"a", "b"}, is_old_allowed=True) is None


REPORTS = st.builds(
    waiting,
    st.just(0),
    st.sampled_from("ABC"),
    age=st.none() | st.floats(0, 20),
    frame_key=st.none() | st.sampled_from(["f", "g", "h"]),
    size=st.integers(1, 600_000),
    observed_at=st.just(0.0),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(REPORTS, max_size=40), st.sets(st.sampled_from(["f", "g", "h"])))
def test_whatever_waits_all_of_it_goes_in_order_and_none_before_its_time(
    reports: list[WaitingReport], frames: set[str]
) -> None:
    lines: dict[str, list[WaitingReport]] = {}
    for number, report in enumerate(reports):
        numbered = dataclasses.replace(report, number=number, observed_at=float(number))
        lines.setdefault(report.printer_id, []).append(numbered)
    now = NOW
    sent: list[WaitingReport] = []
    while any(lines.values()):
        batch, wait = plan_batch(lines.values(), frames, now)
        assert len(batch) <= BATCH_LIMIT
        assert len(batch) == 1 or sum(report.size for report in batch) <= BATCH_BYTES
        for report in batch:
            assert lines[report.printer_id].pop(0) == report
            assert report.frame_key not in frames or is_late(report, now)
        sent += batch
        if not batch:
            assert 0 < wait <= FRAME_WAIT_SECONDS
            now += wait
    for printer_id in "ABC":
        mine = [report.number for report in sent if report.printer_id == printer_id]
        assert mine == sorted(mine)
    assert len(sent) == len(reports)

"""What holds of the tracker whatever a printer, a network or a restart does."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.shared.messages.effects import Category, Effect, Notification, Timelapse
from functions.shared.messages.printer_record import Phase, PrinterRecord, record_from_json, record_to_json
from functions.shared.messages.report import FrameReference, Report, ReportKind, decode_report, encode_report
from functions.tracker.evaluation import Rules
from functions.tracker.reached_figures import BELIEVED_AFTER_SECONDS
from functions.tracker.transitions import advance

WORDS = [
    "IDLE", "PREPARE", "SLICING", "RUNNING", "PAUSE", "FINISH", "FAILED", "INIT", "UNKNOWN", "RESUME",
    "CANCELLED", "", 7,
]  # fmt: skip
ENDS = {Category.FINISHED, Category.FAILED, Category.CANCELLED, Category.ENDED, Category.NEVER_BEGAN}
STARTS = {Category.STARTED, Category.ALREADY_PRINTING}

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
hms_entries = st.fixed_dictionaries(
    {"attr": st.sampled_from([0x07002000, 0x03001A00, -1]), "code": st.sampled_from([0x00020001, 0x00020002])}
)
plausible = st.fixed_dictionaries(
    {},
    optional={
        "gcode_state": st.sampled_from(WORDS),
        "subtask_name": st.sampled_from(["A", "B", "", None, "<b>"]),
        "task_id": st.sampled_from(["0", "", "11", "12", None]),
        "mc_percent": st.integers(-5, 130) | st.just("40"),
        "layer_num": st.integers(-1, 300),
        "total_layer_num": st.integers(-1, 300),
        "mc_remaining_time": st.integers(-1, 900),
        "stg_cur": st.integers(-2, 80),
        "print_error": st.sampled_from([0, 50348044, 50364437, 83935249, 50348038, 2**40, "x"]),
        "fail_reason": st.sampled_from([0, "0", "50348044", 50348038, None]),
        "print_type": st.sampled_from(["system", "local", None]),
        "hms": st.lists(hms_entries, max_size=3) | st.none(),
    },
)
junk = st.dictionaries(st.sampled_from(["gcode_state", "mc_percent", "hms", "print_error", "x"]), json_values)


@st.composite
def report_series(draw: Callable[[st.SearchStrategy[Any]], Any], statuses: Any = plausible) -> list[Report]:
    """Up to forty reports of one printer, in order, by one collector or two."""
    now, reports = 1_000_000.0, []
    sequences = {"c1": 0, "c2": 0}
    for number in range(draw(st.integers(1, 40))):
        now += draw(st.sampled_from([0.0, 1.0, 10.0, 31.0, 400.0, 4000.0]))
        collector = draw(st.sampled_from(["c1", "c1", "c1", "c2"]))
        sequences[collector] += draw(st.integers(1, 3))
        kind = draw(st.sampled_from([*[ReportKind.STATUS] * 3, ReportKind.SILENCE, ReportKind.PRESENCE]))
        key = f"images/p/job/20260101T000000_{number:06d}_job.jpg"
        reports.append(
            Report(
                collector,
                sequences[collector],
                "p",
                kind,
                now,
                model=draw(st.sampled_from([None, "A1"])),
                is_online=draw(st.sampled_from([None, True, False])),
                status=draw(statuses) if kind is ReportKind.STATUS else None,
                frame=draw(st.sampled_from([None, FrameReference(key, now - 3, 5)])),
                frames_kept=draw(st.none() | st.integers(0, 9)),
                after_gap=draw(st.booleans()),
                gap_seconds=draw(st.none() | st.sampled_from([0.5, 120.0, 4000.0])),
            )
        )
    return reports


rules = st.builds(
    Rules,
    progress_step=st.sampled_from([0, 1, 5, 25, 100]),
    photo_interval=st.sampled_from([0.0, 60.0, 3600.0]),
    inspection_interval=st.sampled_from([None, 60.0, 3600.0]),
    silence_grace=st.sampled_from([0.0, 60.0, 600.0]),
)


def play(reports: list[Report], with_rules: Rules) -> tuple[PrinterRecord | None, list[Effect]]:
    record: PrinterRecord | None = None
    effects: list[Effect] = []
    for report in reports:
        record, new = advance(record, report, with_rules)
        effects += new
    return record, effects


@given(report_series(plausible | junk), rules)
@settings(max_examples=80, deadline=None)
def test_no_content_raises_and_every_record_survives_storing(
    reports: list[Report], with_rules: Rules
) -> None:
    record: PrinterRecord | None = None
    for report in reports:
        record, _ = advance(record, decode_report(encode_report(report)), with_rules)
        assert record_from_json(record_to_json(record)) == record


@given(report_series(), rules, st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_no_order_raises(reports: list[Report], with_rules: Rules, random: Any) -> None:
    random.shuffle(reports)
    play(reports, with_rules)


@given(report_series(), rules, st.data())
@settings(max_examples=80, deadline=None)
def test_any_prefix_replayed_changes_nothing_and_says_nothing(
    reports: list[Report], with_rules: Rules, data: Any
) -> None:
    record, _ = play(reports, with_rules)
    count = data.draw(st.integers(0, len(reports)))
    for report in reports[:count]:
        after, effects = advance(record, report, with_rules)
        assert after == record
        assert effects == ()


@given(report_series(), rules)
@settings(max_examples=80, deadline=None)
def test_effect_ids_are_unique_and_stable(reports: list[Report], with_rules: Rules) -> None:
    _, effects = play(reports, with_rules)
    ids = [effect.id for effect in effects]
    assert len(ids) == len(set(ids))
    shipped_again = [replace(report, shipped_at=report.observed_at + 99) for report in reports]
    assert [effect.id for effect in play(shipped_again, with_rules)[1]] == ids


@given(report_series(), rules)
@settings(max_examples=80, deadline=None)
def test_progress_goes_back_within_a_job_only_when_a_fall_has_lasted_a_minute(
    reports: list[Report], with_rules: Rules
) -> None:
    _, effects = play(reports, with_rules)
    told: dict[str | None, tuple[int, float]] = {}
    for effect in effects:
        if isinstance(effect, Notification) and effect.category is Category.PROGRESS:
            assert effect.job.percent is not None
            before, at = told.get(effect.job_id, (-1, 0.0))
            assert effect.job.percent > before or effect.observed_at - at >= BELIEVED_AFTER_SECONDS
            told[effect.job_id] = effect.job.percent, effect.observed_at


@given(report_series(), rules)
@settings(max_examples=80, deadline=None)
def test_an_end_is_never_below_the_last_step_that_was_told_but_for_a_fall_that_lasted(
    reports: list[Report], with_rules: Rules
) -> None:
    _, effects = play(reports, with_rules)
    told: dict[str | None, tuple[int, float]] = {}
    for effect in effects:
        if not isinstance(effect, Notification):
            continue
        if effect.category is Category.PROGRESS:
            told[effect.job_id] = effect.job.percent or 0, effect.observed_at
        elif effect.category in ENDS or effect.ended:
            step, at = told.get(effect.job_id, (0, 0.0))
            is_new_plate = effect.observed_at - at >= BELIEVED_AFTER_SECONDS
            assert is_new_plate or (effect.job.percent or 0) >= step


@given(report_series(), rules)
@settings(max_examples=80, deadline=None)
def test_no_message_of_a_paused_job_knows_a_time(reports: list[Report], with_rules: Rules) -> None:
    _, effects = play(reports, with_rules)
    for effect in effects:
        if isinstance(effect, Notification) and (effect.job.is_paused or effect.to_state == "PAUSE"):
            assert effect.job.remaining_minutes is None


one_job = st.fixed_dictionaries(
    {"gcode_state": st.sampled_from(["RUNNING", "PAUSE", "PREPARE", "SLICING", "RESUME", None, ""])},
    optional={
        "subtask_name": st.sampled_from(["A", "B", "0.2mm layer", "", None]),
        "task_id": st.sampled_from(["11", "11", "", "0", None]),
        "mc_percent": st.integers(0, 100),
        "layer_num": st.integers(0, 300),
        "total_layer_num": st.integers(1, 300),
        "mc_remaining_time": st.integers(0, 900),
        "print_error": st.sampled_from([0, 50348044, 50364437, 50348038]),
        "fail_reason": st.sampled_from([0, 50348044]),
        "hms": st.lists(hms_entries, max_size=2),
    },
)


@given(st.lists(st.tuples(st.sampled_from([0.1, 1.0, 40.0, 400.0]), one_job), min_size=1, max_size=40), rules)
@settings(max_examples=80, deadline=None)
def test_an_unbroken_stream_of_active_words_with_one_id_never_ends_a_job(
    course: list[tuple[float, dict[str, Any]]], with_rules: Rules
) -> None:
    """Whatever subset of keys is missing, whatever figures rise and fall, whatever codes come."""
    now, reports = 1_000_000.0, []
    idle: dict[str, Any] = {"gcode_state": "IDLE", "print_error": 0, "hms": []}
    for number, (after, status) in enumerate([(0.0, idle), (1.0, {"gcode_state": "PREPARE"}), *course]):
        now += after
        reports.append(Report("c1", number + 1, "p", ReportKind.STATUS, now, status=status))
    record, effects = play(reports, with_rules)
    told = [effect.category for effect in effects if isinstance(effect, Notification)]
    assert told.count(Category.STARTED) == 1
    assert not ENDS & set(told)
    assert not any(isinstance(effect, Timelapse) for effect in effects)
    assert record is not None
    assert record.job is not None
    assert record.job.phase is Phase.ACTIVE


@given(report_series(), rules)
@settings(max_examples=80, deadline=None)
def test_every_start_has_exactly_one_final_end(reports: list[Report], with_rules: Rules) -> None:
    """An end by silence may be taken back by "contact restored", or made precise by a late result."""
    record, effects = play(reports, with_rules)
    open_job: str | None = None
    is_silenced = False
    for effect in effects:
        if not isinstance(effect, Notification):
            continue
        if effect.category in STARTS:
            assert open_job is None or is_silenced
            open_job, is_silenced = effect.job_id, False
        elif effect.category is Category.CONTACT_LOST:
            assert effect.job_id == open_job
            assert not is_silenced
            is_silenced = effect.ended
        elif effect.category is Category.CONTACT_RESTORED:
            assert effect.job_id == open_job
            is_silenced = False
        elif effect.category is Category.ENDED and effect.ended:
            assert effect.job_id == open_job
            is_silenced = True
        elif effect.category in ENDS:
            assert effect.job_id == open_job
            open_job, is_silenced = None, False
    assert record is not None
    if open_job is not None:
        assert record.job is not None
        assert record.job.id == open_job


@given(report_series(), rules)
@settings(max_examples=50, deadline=None)
def test_a_restart_of_the_tracker_between_any_two_reports_changes_nothing(
    reports: list[Report], with_rules: Rules
) -> None:
    _, expected = play(reports, with_rules)
    record: PrinterRecord | None = None
    effects: list[Effect] = []
    for report in reports:
        stored = record_from_json(record_to_json(record)) if record else None
        record, new = advance(stored, report, with_rules)
        effects += new
    assert effects == expected

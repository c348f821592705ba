"""What a printer with quirks sends: each quirk can be seen, and the rest of the course is the even one's."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from infra.simulator.scenarios import ERROR_CANCELLED, Ending, Job, Print, Scenario
from tests.reliability.chaos.plan import Shape, make_plan
from tests.reliability.chaos.quirks import CodePlace, Quirks, recording_of

JOB, NEXT = "Hook", "Vase"


def course(quirk: Quirks, ending: Ending = Ending.FINISHED) -> list[tuple[float, dict[str, Any]]]:
    """The statuses of a print with that quirk and of an even one after it."""
    ends_at = 1.0 if ending is Ending.FINISHED else 0.7
    prints = (Print(Job(JOB, is_cloud=False), ending=ending, ends_at=ends_at), Print(Job(NEXT)))
    sent = recording_of(Scenario(prints), {JOB: quirk}, model="A1M", seed=1, image_interval=2.0)
    return [(at, message["data"]) for at, message in sent if message["type"] == "printer_status"]


def words(quirk: Quirks, ending: Ending = Ending.FINISHED) -> list[str | None]:
    """Each word of the job once, in order."""
    said = [data.get("gcode_state") for _, data in course(quirk, ending) if data["subtask_name"] == JOB]
    return [word for word, before in zip(said, [None, *said[:-1]], strict=True) if word != before]


def running(quirk: Quirks, ending: Ending = Ending.FINISHED) -> Iterator[dict[str, Any]]:
    """The statuses of the print from its first layer to its end."""
    for _, data in course(quirk, ending):
        if data["subtask_name"].startswith(JOB) and data.get("gcode_state") in (None, "", "RUNNING"):
            yield data


def figures(quirk: Quirks) -> list[int]:
    return [data["mc_percent"] for data in running(quirk) if "mc_percent" in data]


def test_without_quirks_it_is_the_even_course() -> None:
    assert words(Quirks()) == ["IDLE", "PREPARE", "RUNNING", "FINISH"]
    assert figures(Quirks()) == sorted(figures(Quirks()))


def test_on_each_plate_the_percent_begins_anew() -> None:
    percents = figures(Quirks(plates=3))
    assert sum(after < before - 20 for before, after in itertools.pairwise(percents)) == 2


def test_the_name_changes_in_mid_print_and_stays() -> None:
    names = [data["subtask_name"] for _, data in course(Quirks(renamed=(0.5, "Hook plate 1")))]
    first, last = names.index("Hook plate 1"), names.index(NEXT)
    assert set(names[first:last]) == {"Hook plate 1"}
    assert JOB in names[:first]
    assert set(names[last:]) == {NEXT}


@pytest.mark.parametrize(("is_word_empty", "word"), [(True, ""), (False, None)])
def test_for_a_while_no_word_comes(is_word_empty: bool, word: str | None) -> None:
    quirk = Quirks(wordless=(0.3, 0.5), is_word_empty=is_word_empty)
    assert words(quirk) == ["IDLE", "PREPARE", "RUNNING", word, "RUNNING", "FINISH"]
    assert all(30 <= data["mc_percent"] < 50 for data in running(quirk) if data.get("gcode_state") == word)


def test_the_figures_are_cleared_before_the_word_of_the_end_and_stay_so() -> None:
    told = course(Quirks(clears=5.0))
    end = next(at for at, data in told if data["gcode_state"] == "FINISH")
    after = [data for at, data in told if end - 5 <= at and data["subtask_name"] == JOB]
    assert {data["mc_percent"] for data in after} == {0}
    assert {data["gcode_state"] for data in after} == {"RUNNING", "FINISH"}


@pytest.mark.parametrize("place", CodePlace)
@pytest.mark.parametrize("lead", [4.0, 0.0, -4.0])
def test_the_code_of_a_cancel_comes_where_and_when_it_shall(place: CodePlace, lead: float) -> None:
    told = course(Quirks(place=place, lead=lead), Ending.CANCELLED)
    end = next(at for at, data in told if data["gcode_state"] == "FAILED" and data["subtask_name"] == JOB)
    shown = [at for at, data in told if data["subtask_name"] == JOB and _shows_cancel(data) is place]
    assert end - lead <= shown[0] < end - lead + 2
    others = {_shows_cancel(data) for _, data in told} - {None, place}
    assert others == set()


def _shows_cancel(data: dict[str, Any]) -> CodePlace | None:
    if data["print_error"] == ERROR_CANCELLED:
        return CodePlace.ERROR
    if data.get("fail_reason") == str(ERROR_CANCELLED):
        return CodePlace.REASON
    return CodePlace.HEALTH if any(entry["code"] & 0xFFFF == 0x400C for entry in data["hms"]) else None


@pytest.mark.parametrize("stays", [True, False])
def test_the_reason_of_one_print_may_stay_through_the_next(stays: bool) -> None:
    told = course(Quirks(place=CodePlace.REASON, stays=stays), Ending.CANCELLED)
    assert any(_shows_cancel(data) for _, data in told if data["subtask_name"] == NEXT) is stays


def test_it_ends_by_idle_without_a_code() -> None:
    told = [data for _, data in course(Quirks(ends_idle=True), Ending.FAILED) if data["subtask_name"] == JOB]
    assert told[-1]["gcode_state"] == "IDLE"
    assert words(Quirks(ends_idle=True), Ending.FAILED) == ["IDLE", "PREPARE", "RUNNING", "IDLE"]
    assert {data["print_error"] for data in told} == {0}


def test_it_never_runs() -> None:
    assert words(Quirks(never_runs=True)) == ["IDLE", "PREPARE", "FINISH"]


def test_every_quirk_comes_within_some_runs() -> None:
    quirks = [quirk for seed in range(20) for quirk in make_plan(seed, Shape.CLOUD, 0).quirks.values()]
    assert {quirk.plates for quirk in quirks} == {1, 2, 3}
    assert {quirk.place for quirk in quirks} == set(CodePlace)
    for name in ("renamed", "wordless", "is_word_empty", "clears", "stays", "ends_idle", "never_runs"):
        assert len({bool(getattr(quirk, name)) for quirk in quirks}) == 2, name
    assert {-1, 0, 1} == {(quirk.lead > 0) - (quirk.lead < 0) for quirk in quirks}

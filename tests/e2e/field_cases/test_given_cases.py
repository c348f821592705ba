"""What a person is told of each case that real printers sent: what is right, and word for word."""

import re
from pathlib import Path

import pytest

from tests.e2e.field_cases.field_run import play
from tests.e2e.field_cases.given import TRANSCRIPTS, given
from tests.e2e.field_cases.played import Played


@pytest.fixture
def played(request: pytest.FixtureRequest, tmp_path: Path) -> Played:
    """The case that the test's mark names."""
    marked = request.param
    return play(tmp_path, given(marked), marked)


def case(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("played", [name], indirect=True)


@pytest.mark.parametrize("name", sorted(path.stem for path in TRANSCRIPTS.glob("*.txt")))
def test_the_chat_of_a_case(tmp_path: Path, name: str) -> None:
    expected = (TRANSCRIPTS / f"{name}.txt").read_text(encoding="utf-8")
    assert play(tmp_path, given(name), name).transcript() == expected


@case("a1mini-percent-hits-100")
def test_several_plates_are_one_job_whose_progress_is_told_on_each(played: Played) -> None:
    assert played.course() == ["started", "finished", "film"]
    assert [step for step in played.steps() if step != 100] == [50, 99, 20, 60, 10]
    assert len(played.job_ids) == 1
    assert "ended" not in played.texts
    assert "already" not in played.texts


@case("empty-state-at-power-on")
def test_a_power_cut_with_an_empty_word_leaves_no_ghost(played: Played) -> None:
    assert played.course() == ["started", "contact_lost", "film"]
    assert "contact lost at 10 %" in played.texts
    assert len(played.job_ids) == 1
    assert played.shown["state"] == "IDLE"


@case("p1s-cancel-resets-figures")
def test_a_cancel_tells_what_was_reached(played: Played) -> None:
    assert played.course() == ["started", "cancelled", "film"]
    assert "16 %" in played.end.text
    assert "layer 11/70" in played.end.text
    assert (played.shown["job"]["percent"], played.shown["job"]["layer"]) == (16, 11)


@case("a1mini-ams-lite-runs-out")
def test_an_ams_lite_that_runs_out_is_told_in_words_with_its_slot(played: Played) -> None:
    assert played.course() == ["started", "paused", "resumed", "paused", "resumed", "finished", "film"]
    slot, holder = played.of("paused")
    for paused, code in ((slot, "1200-8011"), (holder, "12FF-8011")):
        assert "ilament ran out" in paused.text
        assert code in paused.text
        assert "No words" not in paused.text
    assert re.search(r"slot \d", slot.text)
    assert "slot" not in holder.text
    assert "spool" in holder.text


@case("pause-known-stage-unknown-code")
def test_the_words_of_a_stage_are_not_hidden_behind_an_unknown_code(played: Played) -> None:
    paused = played.only("paused")
    assert "nozzle is clogged" in paused.text
    assert "0300-8016" in paused.text
    assert "Error 0300" not in paused.text


@case("a1-stale-code-while-idle")
def test_a_code_that_stood_before_explains_nothing(played: Played) -> None:
    assert played.course() == ["started", "failed", "film"]
    assert "25 % · layer 30/120" in played.end.text
    assert "400C" not in played.texts
    assert "cancel" not in played.texts


@pytest.mark.parametrize(
    "played",
    ["a1-name-becomes-the-profile-s", "a1-name-becomes-the-profile-s-and-a-reconnect"],
    indirect=True,
)
def test_one_task_id_is_one_job_under_the_name_first_told(played: Played) -> None:
    assert played.course() == ["started", "finished", "film"]
    assert len(played.job_ids) == 1
    assert "infill" not in played.texts
    assert "Duplo marble run" in played.end.text
    assert played.shown["job"]["name"] == "Duplo marble run"


@case("a1-renamed-then-finished-while-away")
def test_the_same_task_id_finished_while_away(played: Played) -> None:
    assert "finished while we were away" in played.end.text
    assert "Duplo marble run" in played.end.text
    assert "infill" not in played.texts
    assert "result unknown" not in played.texts
    assert len(played.job_ids) == 1
    assert len(played.films()) == 1


@case("one-lost-ping-while-statuses-flow")
def test_a_lost_ping_says_nothing_while_statuses_flow(played: Played) -> None:
    assert played.course() == ["started", "finished", "film"]


@case("paused-for-three-hours")
def test_photos_of_a_long_pause_say_so_and_promise_no_time(played: Played) -> None:
    assert played.course() == ["started", "paused", "resumed", "finished", "film"]
    assert len(played.of("photo")) == 3
    for photo in played.of("photo"):
        assert "paused" in photo.text
        assert photo.has_photo
    for told in played.of("photo", "paused"):
        assert "ready" not in told.text


@case("p1s-refused-job-ends-as-FINISH")
def test_what_never_ran_did_not_finish(played: Played) -> None:
    begun, end = played.told
    assert begun.category == "started"
    assert "never began" in end.text
    assert "HMS_0500_0300_0001_0003" in end.text
    assert "%" not in end.text
    assert played.shown["job"]["result"] == "never_began"


@case("h2c-cancelled-while-away-fail-reason")
def test_a_cancel_while_away_is_known_by_fail_reason(played: Played) -> None:
    assert "cancelled while we were away" in played.end.text
    assert "31 % · layer 100/332" in played.end.text
    assert len(played.films()) == 1


@case("a1-auto-calibration")
def test_a_calibration_is_no_print(played: Played) -> None:
    assert played.told == []


def test_the_api_says_calibrating_while_it_lasts(tmp_path: Path) -> None:
    steps = given("a1-auto-calibration")["steps"]
    played = play(tmp_path, {"steps": [*steps[:6], {"look": "calibration"}, *steps[6:]]}, "a1")
    assert played.looks["calibration"]["state"] == "CALIBRATING"
    assert not (played.looks["calibration"]["job"] or {}).get("is_active")
    assert played.shown["state"] == "FINISH"


@case("x1-cancel-code-after-failed")
def test_a_cancel_code_that_comes_after_the_word_is_told_once(played: Played) -> None:
    assert played.course() == ["started", "cancelled", "film"]
    assert "33 % · layer 40/120" in played.end.text


@case("a1-burst-of-states-at-connect")
def test_a_burst_of_words_at_the_connect_says_nothing(played: Played) -> None:
    assert played.told == []
    assert played.job_ids == []
    assert played.shown["state"] == "FINISH"

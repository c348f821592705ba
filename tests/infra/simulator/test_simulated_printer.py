"""The simulated printer lives through each scenario as a real one would."""

import itertools
import json
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.simulator.device import play_scenario
from infra.simulator.scenarios import SCENARIOS, Ending, Pause, Print, Scenario
from infra.simulator.telemetry import MergedStatus, whole_report
from infra.simulator.timeline import CameraImage, DeviceEvent, Done, ErrorMessage, Power, StatusDelta
from tests.support.recordings import RECORDINGS, load_recording

VANISHING = {"mc_percent", "layer_num", "mc_remaining_time"}


def until_done(scenario: str | Scenario, seed: int = 0) -> list[DeviceEvent]:
    chosen = SCENARIOS[scenario] if isinstance(scenario, str) else scenario
    script = play_scenario(chosen, name="P", seed=seed)
    return list(itertools.takewhile(lambda event: not isinstance(event, Done), script))


def statuses(script: Iterable[DeviceEvent]) -> list[tuple[float, dict[str, object]]]:
    """Each status as BambUI's clients get it."""
    merged = MergedStatus(whole_report("A1M"))
    seen = []
    for event in script:
        if isinstance(event, StatusDelta):
            merged.merge(event.fields)
            seen.append((event.at, dict(merged.data)))
    return seen


def states(script: Iterable[DeviceEvent]) -> list[str]:
    words = [str(data["gcode_state"]) for _, data in statuses(script)]
    return [word for word, _ in itertools.groupby(words)]


ONE_PRINT = ["IDLE", "PREPARE", "RUNNING"]


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ("full", [*ONE_PRINT, "FINISH"]),
        ("no_camera", [*ONE_PRINT, "FINISH"]),
        ("stalls", [*ONE_PRINT, "FINISH"]),
        ("spaghetti", [*ONE_PRINT, "FINISH"]),
        ("pause", [*ONE_PRINT, "PAUSE", "RUNNING", "FINISH"]),
        ("runout", [*ONE_PRINT, "PAUSE", "RUNNING", "FINISH"]),
        ("failed", [*ONE_PRINT, "FAILED"]),
        ("cancelled", [*ONE_PRINT, "FAILED"]),
        ("power_cut", [*ONE_PRINT, "PAUSE", "RUNNING", "FINISH"]),
        ("two_jobs", [*ONE_PRINT, "FINISH", *ONE_PRINT, "FINISH"]),
        ("finished_before", ["FINISH"]),
        ("off", []),
    ],
)
def test_a_scenario_shows_its_states_in_order(scenario: str, expected: list[str]) -> None:
    script = list(itertools.takewhile(lambda event: event.at < 320, play_scenario(SCENARIOS[scenario])))
    assert states(script) == expected


def test_a_print_counts_up_and_ends_at_a_hundred_percent_within_the_time_it_is_to_take() -> None:
    seen = statuses(until_done("full"))
    percents = [value for _, data in seen if isinstance(value := data.get("mc_percent"), int)]
    running = [at for at, data in seen if data["gcode_state"] == "RUNNING"]
    finished = next(at for at, data in seen if data["gcode_state"] == "FINISH")
    assert percents == sorted(percents)
    assert percents[-1] == 100
    assert seen[-1][1]["layer_num"] == seen[-1][1]["total_layer_num"] == 110
    assert 80 < finished - running[0] < 90
    assert 60 <= len(seen) <= 130


def test_remaining_minutes_are_those_of_the_job_and_reach_zero_before_its_end() -> None:
    seen = [data for _, data in statuses(until_done("full")) if data["gcode_state"] == "RUNNING"]
    minutes = [value for data in seen if isinstance(value := data.get("mc_remaining_time"), int)]
    assert minutes == sorted(minutes, reverse=True)
    assert 38 <= minutes[0] <= 42
    assert minutes[-1] == 0


def test_percent_layer_and_remaining_time_vanish_at_the_start_and_after_each_pause() -> None:
    seen = statuses(until_done("pause"))
    before = ""
    for _, data in seen:
        state = str(data["gcode_state"])
        if before and before != state and state in {"PREPARE", "RUNNING"} and before != "PREPARE":
            assert not VANISHING & data.keys()
        before = state
    assert seen[-1][1].keys() >= VANISHING


def test_the_name_of_the_next_job_is_there_while_the_old_one_is_still_finished() -> None:
    second = replace(SCENARIOS["two_jobs"].prints[1].job, name="Second")
    first = SCENARIOS["two_jobs"].prints[0]
    seen = statuses(until_done(Scenario((first, replace(first, job=second)))))
    ahead = [data for _, data in seen if data["subtask_name"] == "Second" and data.get("mc_percent") == 100]
    assert [data["gcode_state"] for data in ahead][:2] == ["FINISH", "IDLE"]
    assert ahead[0]["command"] == "project_file"
    assert ahead[0]["layer_num"] == first.job.layers


def test_after_an_earlier_print_the_layer_is_back_with_the_first_running_message() -> None:
    seen = statuses(until_done("two_jobs"))
    words = [str(data["gcode_state"]) for _, data in seen]
    second_start = words.index("RUNNING", words.index("FINISH"))
    first_start = words.index("RUNNING")
    assert seen[second_start][1]["layer_num"] == 0
    assert "layer_num" not in seen[first_start][1]


def test_two_runs_of_one_local_file_are_announced_apart_by_nothing_but_the_state() -> None:
    named = [
        (data["subtask_name"], data["task_id"])
        for _, data in statuses(until_done("two_jobs"))
        if data["gcode_state"] == "RUNNING"
    ]
    assert set(named) == {("Phone stand (blue)", "0")}


def test_filament_runout_pauses_with_the_code_and_entry_of_a_real_one() -> None:
    paused = [data for _, data in statuses(until_done("runout")) if data["gcode_state"] == "PAUSE"]
    assert paused[0]["print_error"] == 50364437
    assert paused[0]["hms"] == [{"attr": 117448704, "code": 131073}]
    assert paused[0]["stg_cur"] == 6
    after = statuses(until_done("runout"))[-1][1]
    assert (after["print_error"], after["hms"]) == (0, [])


def test_a_failing_print_warns_first_and_keeps_its_error_and_progress() -> None:
    seen = statuses(until_done("failed"))
    warned = next(data for _, data in seen if data["hms"])
    assert (warned["gcode_state"], warned["print_error"]) == ("RUNNING", 0)
    last = seen[-1][1]
    assert (last["gcode_state"], last["print_error"], last["mc_percent"]) == ("FAILED", 50348038, 55)
    assert last["hms"] == warned["hms"]
    assert (last["gcode_file"], last["print_type"]) == ("", "idle")


def test_a_cancelled_print_is_failed_with_the_code_for_cancelling() -> None:
    last = statuses(until_done("cancelled"))[-1][1]
    assert (last["gcode_state"], last["print_error"]) == ("FAILED", 50348044)


@pytest.mark.parametrize("seed", range(8))
def test_a_power_cut_is_silent_then_said_each_eleven_seconds_until_the_printer_is_back(seed: int) -> None:
    script = until_done("power_cut", seed)
    off, on = [event.at for event in script if isinstance(event, Power)]
    said = [event.at for event in script if isinstance(event, ErrorMessage)]
    heard = [event.at for event in script if isinstance(event, StatusDelta | CameraImage)]
    assert 71 <= said[0] - off <= 131
    assert [round(later - sooner, 6) for sooner, later in itertools.pairwise(said)] == [11.0] * (
        len(said) - 1
    )
    assert said[-1] < on
    assert not [at for at in heard if off < at < on]
    back = next(data for at, data in statuses(script) if at >= on)
    assert (back["gcode_state"], back["print_error"], back["sequence_id"]) == ("PAUSE", 50364423, "1")
    images = [event.at for event in script if isinstance(event, CameraImage) and event.at > on]
    assert images[0] - on >= 12  # the camera boots more slowly


def test_without_a_camera_the_status_stalls_ten_seconds_at_four_points() -> None:
    script = until_done("no_camera")
    times = [at for at, _ in statuses(script)]
    gaps = [later - sooner for sooner, later in itertools.pairwise(times)]
    assert len([gap for gap in gaps if gap > 9]) == 4
    assert max(gaps) < 13
    assert len(times) - len(set(times)) > 15  # what was held back comes at once
    assert not [event for event in script if isinstance(event, CameraImage)]


def test_a_camera_that_is_stuck_at_the_photo_points_stalls_the_status_too() -> None:
    script = until_done("stalls")
    gaps = [later - sooner for (sooner, _), (later, _) in itertools.pairwise(statuses(script))]
    assert len([gap for gap in gaps if gap > 9]) == 4
    assert len([event for event in script if isinstance(event, CameraImage)]) > 50


def test_with_a_working_camera_no_stall_is_longer_than_one_image() -> None:
    times = [at for at, _ in statuses(until_done("full"))]
    assert max(later - sooner for sooner, later in itertools.pairwise(times)) < 2.5


def test_spaghetti_begins_half_way_and_the_print_goes_on() -> None:
    scenes = [event.scene for event in until_done("spaghetti") if isinstance(event, CameraImage)]
    tangles = [scene.tangle for scene in scenes if scene and scene.is_printing]
    first = next(index for index, tangle in enumerate(tangles) if tangle > 0)
    assert 0.4 < first / len(tangles) < 0.6
    assert tangles == sorted(tangles)
    assert tangles[-1] > 0.9


def test_the_demonstration_goes_on_for_ever_with_changing_names_and_a_pause_now_and_then() -> None:
    script = list(itertools.takewhile(lambda event: event.at < 1300, play_scenario(SCENARIOS["demo"])))
    seen = statuses(script)
    assert not [event for event in script if isinstance(event, Done)]
    assert len({data["subtask_name"] for _, data in seen}) >= 6
    words = states(script)
    assert words.count("FINISH") >= 12
    assert words.count("PAUSE") >= 4


def test_the_same_seed_gives_the_same_script_and_another_seed_another() -> None:
    assert until_done("runout", 7) == until_done("runout", 7)
    assert until_done("runout", 7) != until_done("runout", 8)


@pytest.mark.parametrize("recording", RECORDINGS)
def test_its_messages_have_the_keys_and_types_of_real_ones(recording: str) -> None:
    real = [message["data"] for _, message in load_recording(recording) if "data" in message]
    types: dict[str, set[type]] = {}
    for data in real:
        for key, value in data.items():
            types.setdefault(key, set()).add(type(value))
    for scenario in ("full", "runout", "failed"):
        seen = [data for _, data in statuses(until_done(scenario))]
        assert seen[0].keys() == (real[0].keys() if len(real[0]) == 63 else seen[0].keys())
        assert seen[-1].keys() == real[-1].keys()
        for data in seen:
            assert 60 <= len(data) <= 75
            for key, value in data.items():
                assert type(value) in types[key] | ({float} if key.endswith("temper") else set()), key
        sizes = [len(json.dumps(data, separators=(",", ":"))) for data in seen]
        assert min(sizes) > 1500
        assert max(sizes) < 5000


@pytest.mark.parametrize("recording", RECORDINGS)
def test_bambuis_merging_is_done_as_the_recordings_show_it(recording: str) -> None:
    real = [message["data"] for _, message in load_recording(recording) if "data" in message]
    merged = MergedStatus(real[0])
    for before, after in itertools.pairwise(real):
        changed = {key: value for key, value in after.items() if key not in before or before[key] != value}
        merged.merge(changed)
        assert merged.data == after


prints = st.builds(
    Print,
    seconds=st.floats(5, 500),
    ending=st.sampled_from(Ending),
    ends_at=st.floats(0.05, 1.0),
    pauses=st.lists(st.builds(Pause, at=st.floats(0.01, 0.99), seconds=st.floats(0, 40)), max_size=3).map(
        tuple
    ),
)
scenarios = st.builds(Scenario, prints=st.lists(prints, max_size=3).map(tuple))


@settings(max_examples=40, deadline=None)
@given(scenarios, st.integers(0, 1000))
def test_any_scenario_runs_in_the_order_of_time_and_counts_its_images(scenario: Scenario, seed: int) -> None:
    script = until_done(scenario, seed)
    times = [event.at for event in script]
    assert times == sorted(times)
    scenes = [event.scene for event in script if isinstance(event, CameraImage) and event.scene]
    assert [scene.number for scene in scenes] == list(range(1, len(scenes) + 1))
    for _, data in statuses(script):
        assert 0 <= int(str(data.get("mc_percent", 0))) <= 100
        assert 0 <= int(str(data.get("layer_num", 0))) <= 110

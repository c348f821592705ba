"""What goes when frames and films are over their budget, and in which order."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.domain.keys import film_key, frame_key
from infra.local.storage.budget import KeptFile, budget_of, kept_files, plan_eviction, plan_relief
from tests.support.descriptors import no_right_to

DAY = 86_400.0
NOW = 1_700_000_000.0


def frame(job: str, at: float, size: int = 100) -> KeptFile:
    name = frame_key(f"images/A1M-1/{job}/", at, 0).rpartition("/")[2]
    return KeptFile(f"A1M-1/{job}", name, size, at, is_frame=True)


def film(job: str, at: float, size: int = 1000) -> KeptFile:
    name = film_key(f"images/A1M-1/{job}/", at).rpartition("/")[2]
    return KeptFile(f"A1M-1/{job}", name, size, at, is_frame=False)


def run(job: str, begins: float, count: int = 4) -> list[KeptFile]:
    return [frame(job, begins + 60 * number) for number in range(count)]


FILES = [
    *run("Cube", NOW - 3 * DAY),
    film("Cube", NOW - 3 * DAY + 600),
    *run("Vase", NOW - 2 * DAY),
    film("Vase", NOW - 2 * DAY + 600),
    *run("Cube", NOW - 1 * DAY),  # the same name again
    *run("Cube", NOW - 300),  # and now
]
RUNNING = {"A1M-1/Cube": NOW - 300.5}


def test_frames_of_the_job_that_ended_first_go_first_and_no_more_than_have_to() -> None:
    assert plan_eviction(FILES, 400, RUNNING) == run("Cube", NOW - 3 * DAY)
    assert plan_eviction(FILES, 401, RUNNING) == [*run("Cube", NOW - 3 * DAY), frame("Vase", NOW - 2 * DAY)]
    assert plan_eviction(FILES, 0, RUNNING) == []


def test_then_their_films_and_then_every_second_frame_of_what_runs_but_never_its_last() -> None:
    finished = [*run("Cube", NOW - 3 * DAY), *run("Vase", NOW - 2 * DAY), *run("Cube", NOW - DAY)]
    films = [film("Cube", NOW - 3 * DAY + 600), film("Vase", NOW - 2 * DAY + 600)]
    assert plan_eviction(FILES, 1200 + 2000, RUNNING) == finished + films
    first, second, third, last = run("Cube", NOW - 300)
    assert plan_eviction(FILES, 3201, RUNNING)[14:] == [third]
    gone = plan_eviction(FILES, 10**9, RUNNING)
    assert set(gone) == set(FILES) - {last}
    assert {first, second, third} < set(gone)


def test_where_others_fill_the_disk_no_film_goes_and_nothing_whose_film_may_still_be_made() -> None:
    just_ended = run("Hook", NOW - 1000)
    gone = plan_relief([*FILES, *just_ended], 10**9, RUNNING, NOW)
    assert gone == [*run("Cube", NOW - 3 * DAY), *run("Vase", NOW - 2 * DAY), *run("Cube", NOW - DAY)]


@given(
    st.lists(
        st.builds(
            lambda job, at, size, is_film: film(job, at, size) if is_film else frame(job, at, size),
            st.sampled_from(["Cube", "Vase"]),
            st.floats(NOW - DAY, NOW).map(float),
            st.integers(1, 1000),
            st.booleans(),
        ),
        unique=True,
    ),
    st.integers(0, 20_000),
    st.floats(NOW - DAY, NOW),
)
def test_enough_goes_if_there_is_enough_and_the_running_jobs_last_frame_stays(
    files: list[KeptFile], wanted: int, begun: float
) -> None:
    gone = plan_eviction(files, wanted, {"A1M-1/Cube": begun})
    assert len(set(gone)) == len(gone)
    of_running = [it for it in files if it.is_frame and it.folder == "A1M-1/Cube" and it.at >= begun]
    kept = [it for it in of_running if it not in gone]
    assert bool(kept) == bool(of_running)
    spared = max(it.size for it in of_running) if of_running else 0
    assert sum(it.size for it in gone) >= min(wanted, sum(it.size for it in files) - spared)


def test_the_default_is_four_fifths_of_what_is_free_and_the_same_after_a_restart() -> None:
    assert budget_of(None, used=0, free=1000) == 800
    assert budget_of(None, used=600, free=400) == 800
    assert budget_of(123, used=600, free=400) == 123


def test_only_what_is_ours_is_seen(tmp_path: Path) -> None:
    assert kept_files(tmp_path / "not there") == []
    job = tmp_path / "A1M-1" / "Cube"
    job.mkdir(parents=True)
    for name in (frame("Cube", NOW).name, film("Cube", NOW).name, "holiday.jpg"):
        (job / name).write_bytes(b"x" * 5000)
    (job / frame("Cube", NOW + 1).name).symlink_to("/etc/hostname")
    found = {(it.name, it.is_frame) for it in kept_files(tmp_path)}
    assert found == {(frame("Cube", NOW).name, True), (film("Cube", NOW).name, False)}
    assert min(it.size for it in kept_files(tmp_path)) >= 5000


def test_a_folder_that_cannot_be_read_is_no_empty_one(tmp_path: Path) -> None:
    (tmp_path / "A1M-1").write_text("no folder")
    with pytest.raises(NotADirectoryError):
        kept_files(tmp_path / "A1M-1")


def test_a_folder_that_is_anothers_costs_the_others_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tmp_path.chmod(0o755)
    Path("lost+found").mkdir()  # every ext4 disk has one, of root's
    for job in (Path("A1M-1/Cube"), Path("A1M-1/Vase")):
        job.mkdir(parents=True)
        (job / frame("Cube", NOW).name).write_bytes(b"x")
        for folder in (job, job.parent):
            folder.chmod(0o755)
    closed: list[Path] = []
    Path("A1M-1/Vase").chmod(0)
    with no_right_to(Path("lost+found")):
        found = kept_files(Path(), closed.append)
    assert [it.folder for it in found] == ["A1M-1/Cube"]
    assert closed == [Path("lost+found"), Path("A1M-1/Vase")]

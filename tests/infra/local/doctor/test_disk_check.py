"""The folders: a real write, what is said when it fails, and whether there is room."""

import errno
from pathlib import Path

import pytest

from functions.shared.settings import Settings
from infra.local.doctor.disk_check import (
    FolderFacts,
    Wanted,
    evaluate_folder,
    frames_wanted,
    outbox_wanted,
    probe,
    run,
)
from infra.local.doctor.findings import Finding, Outcome
from tests.infra.local.doctor.examined import FAULT, FINE, WARNING, found_by

GIGABYTE = 10**9
WANTED = Wanted("DATA_DIR", 2 * GIGABYTE, "the outbox may take 2.0 GB")


def judged(**facts: object) -> Finding:
    return evaluate_folder(WANTED, "data", FolderFacts(**facts), 54321)  # type: ignore[arg-type]


def test_a_write_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(b"12345")
    facts = probe(tmp_path, None)
    assert facts.error == 0
    assert facts.free is not None
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_folder_that_is_not_there_yet_is_tried_and_taken_away_again(tmp_path: Path) -> None:
    assert probe(tmp_path / "a" / "b").error == 0
    assert list(tmp_path.iterdir()) == []


def test_what_lies_in_the_outbox_is_counted(tmp_path: Path) -> None:
    (tmp_path / "outbox" / "frames").mkdir(parents=True)
    (tmp_path / "outbox" / "frames" / "a.jpg").write_bytes(b"x" * 1000)
    assert probe(tmp_path, "outbox").used == 1000


def test_a_file_in_the_place_of_the_folder_is_found_by_trying(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    folders = {"DATA_DIR": str(tmp_path / "data"), "IMAGES_DIR": str(tmp_path / "data" / "images")}
    data, images = found_by(run, folders).values()
    assert data.outcome is images.outcome is FAULT
    assert data.found == f"{tmp_path / 'data'} is no folder"
    assert "IMAGES_DIR" in images.advice


def test_the_collector_alone_needs_no_folder_of_frames(tmp_path: Path) -> None:
    (finding,) = found_by(run, {"DATA_DIR": str(tmp_path)}, is_cloud=True).values()
    assert (finding.subject, finding.outcome) == ("DATA_DIR", FINE)


@pytest.mark.parametrize(
    ("shown", "place", "advice"),
    [
        (
            "/srv/data",
            "/srv/data",
            "Let that user write there (`sudo chown 54321 /srv/data`), or set DATA_DIR",
        ),
        (
            "/srv/data",
            "/srv",
            "Make it for that user (`sudo install -d -o 54321 /srv/data`), or set DATA_DIR",
        ),
        ("/root/data", "/root", "Set DATA_DIR to a folder that can be written."),
        ("/usr/share", "/usr/share", "Set DATA_DIR to a folder that can be written."),
        ("/", "/", "Set DATA_DIR to a folder that can be written."),
        ("/home", "/home", "Set DATA_DIR to a folder that can be written."),
    ],
)
def test_who_may_not_write_is_announced_whose_it_is_and_no_command_that_harms(
    shown: str, place: str, advice: str
) -> None:
    facts = FolderFacts(errno.EACCES, Path(place), owner=0, mode=0o755)
    finding = evaluate_folder(WANTED, shown, facts, 54321)
    assert finding.found == f"uid 54321 may not write in {place}: it belongs to root (uid 0), rights 755"
    assert finding.advice.startswith(advice)


@pytest.mark.parametrize(
    ("error", "found", "advice"),
    [
        (errno.EROFS, "read-only", "SD card"),
        (errno.ENOSPC, "full", "Make room"),
        (errno.EDQUOT, "full", "Make room"),
        (errno.ENOTDIR, "no folder", "Remove that file"),
        (errno.EIO, "cannot be written", "dmesg"),
    ],
)
def test_every_other_failure_in_words(error: int, found: str, advice: str) -> None:
    finding = judged(error=error, place=Path("data"))
    assert finding.outcome is FAULT
    assert found in finding.found
    assert advice in finding.advice


@pytest.mark.parametrize(
    ("free", "used", "outcome"),
    [
        (50_000_000, 0, FAULT),
        (GIGABYTE, 0, WARNING),
        (GIGABYTE, GIGABYTE + 1, FINE),
        (3 * GIGABYTE, 0, FINE),
        (None, 0, FINE),
    ],
)
def test_room(free: int | None, used: int, outcome: Outcome) -> None:
    assert judged(place=Path("data"), free=free, used=used).outcome is outcome


def test_what_is_wanted_comes_from_the_settings() -> None:
    settings = Settings()
    assert outbox_wanted(settings).bytes == settings.outbox_max_bytes
    assert frames_wanted(settings).bytes == 7 * 4 * 1350 * 100_000

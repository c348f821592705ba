"""A copied outbox goes on as another collector: nothing that one says is taken for what the other said."""

import logging
import shutil
import uuid
from pathlib import Path

import pytest

from collector.outbox.model import NewReport
from collector.outbox.origin import ORIGIN_FILE, is_copy
from collector.outbox.outbox import Outbox
from tests.collector.outbox.makers import a_report, waiting_sequences
from tests.support.clock import HandClock


def say(folder: Path, times: int = 1) -> list[tuple[str, int]]:
    clock = HandClock()
    outbox = Outbox(folder, 10_000_000, clock.wall, clock.monotonic)
    said = [outbox.add_report(NewReport(a_report(), durable=True)) for _ in range(times)]
    outbox.close()
    return [(report.collector_id, report.sequence) for report in said]


def test_two_that_go_on_from_one_copy_never_say_the_same_number(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    original, copy = tmp_path / "one", tmp_path / "other"
    (first,) = say(original)
    shutil.copytree(original, copy)
    assert not is_copy(original)
    assert is_copy(copy)
    assert caplog.messages == []
    of_copy, of_original = say(copy, 3), say(original, 3)
    assert not set(of_copy) & set(of_original)
    assert {name for name, _ in of_original} == {first[0]}
    assert [number for _, number in of_copy] == [1, 2, 3]
    (said,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert "was used elsewhere before" in said
    assert not is_copy(copy)
    (again,) = say(copy)
    assert again[0] == of_copy[0][0]
    assert len(caplog.records) == 1


def test_what_waits_in_a_copy_keeps_its_name_so_that_it_is_told_once(tmp_path: Path) -> None:
    original, copy = tmp_path / "one", tmp_path / "other"
    ((name, number),) = say(original)
    shutil.copytree(original, copy)
    outbox = Outbox(copy, 10_000_000, HandClock().wall)
    batch, _ = outbox.reader.take_batch()
    assert [(it.report.collector_id, it.report.sequence) for it in batch] == [(name, number)]
    outbox.close()


def test_a_container_that_is_given_another_address_stays_the_same_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = []
    for address in (0x0242AC110002, 0x0242AC110003, 0x010203040506):  # Docker's, twice, and one made up
        monkeypatch.setattr(uuid, "getnode", lambda address=address: address)
        ((name, _),) = say(tmp_path)
        names.append(name)
    assert len(set(names)) == 1
    monkeypatch.setattr(uuid, "getnode", lambda: 0xB827EB000001)  # a Raspberry Pi's own
    assert is_copy(tmp_path)


def test_a_note_that_was_cut_off_says_nothing_of_its_place(tmp_path: Path) -> None:
    ((name, _),) = say(tmp_path)
    (tmp_path / ORIGIN_FILE).write_text("")
    ((again, _),) = say(tmp_path)
    assert again == name


def test_one_of_an_earlier_version_says_nothing_of_its_place_and_goes_on(tmp_path: Path) -> None:
    ((name, _),) = say(tmp_path / "one")
    (tmp_path / "one" / ORIGIN_FILE).unlink()
    (tmp_path / "one").rename(tmp_path / "other")
    assert not is_copy(tmp_path / "other")
    ((again, _),) = say(tmp_path / "other")
    assert again == name
    outbox = Outbox(tmp_path / "other", 10_000_000, HandClock().wall)
    assert waiting_sequences(outbox)[:2] == [1, 101]
    outbox.close()

"""Frames of a film travel in packs, what is named goes at once, and nothing that was on disk is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.outbox.model import EdgeJob, NewReport
from collector.outbox.outbox import Outbox
from collector.outbox.packing import NAMED_SECONDS, PACK_SECONDS, PackRules
from collector.outbox.uploader import Uploader
from functions.shared.domain.frame_packs import PACK_FRAMES, Pack
from functions.shared.domain.keys import taken_at_of
from functions.shared.errors import PermanentError, TransientError
from functions.shared.messages.report import Report
from tests.collector.outbox.makers import a_captured_frame, a_job, a_report
from tests.support.clock import HandClock
from tests.support.memory_backend import MemoryFrames, MemoryPacks, MemoryQueue

EVERY = 11.0


class Killed(BaseException):
    """The process is gone: nothing after it happens."""


class Edge:
    """An outbox of the cloud with its uploader; `kill` leaves it as a power cut does, `start` begins anew."""

    def __init__(self, folder: Path, rules: PackRules | None = None) -> None:
        self.folder, self.rules = folder, rules or PackRules()
        self.clock = HandClock()
        self.queue, self.frames = MemoryQueue(), MemoryPacks()
        self.job = a_job()
        self.kept: dict[str, bytes] = {}
        self.start()
        self.change()

    def start(self) -> None:
        self.outbox = Outbox(
            self.folder, 100_000_000, self.clock.wall, self.clock.monotonic, packs=self.rules
        )
        self.uploader = Uploader(
            self.outbox, self.frames, self.queue, monotonic=self.clock.monotonic, jitter=lambda: 0.0
        )

    def kill(self) -> None:
        self.outbox._store._database._connection.close()  # noqa: SLF001 - nothing is written down any more

    def report(
        self,
        job: EdgeJob | None = None,
        *,
        is_change: bool,
        with_frame: bool = False,
        is_told: bool | None = None,
    ) -> Report:
        now = self.clock.wall()
        captured = a_captured_frame(now) if with_frame else None
        new = NewReport(
            a_report("A1M-1", now),
            durable=is_change,
            job=job or self.job,
            captured=captured,
            is_told=is_change if is_told is None else is_told,
        )
        return self.outbox.add_report(new)

    def change(self, *, with_frame: bool = False) -> Report:
        return self.report(is_change=True, with_frame=with_frame)

    def film(self, count: int, size: int = 100) -> None:
        for _ in range(count):
            self.outbox.keep_frame("A1M-1", self.job, a_captured_frame(self.clock.wall(), size))
            self.clock.pass_time(EVERY)

    def end_job(self) -> Report:
        self.job = EdgeJob(
            self.job.token, self.job.started_at, self.job.prefix, self.job.fingerprint, is_active=False
        )
        return self.change(with_frame=True)

    def drain(self) -> None:
        for _ in range(10_000):
            if self.uploader.upload_once() != 0.0:
                return
        raise AssertionError("there is no end to it")

    @property
    def singles(self) -> int:
        return sum(key.endswith(".jpg") for key in self.frames.puts)

    @property
    def pack_sizes(self) -> list[int]:
        return [len(keys) for keys in self.frames.packs.values()]


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[Edge]:
    edge = Edge(tmp_path / "outbox")
    yield edge
    edge.outbox.close()


def test_a_film_s_frames_travel_in_packs_and_the_last_ones_when_the_job_ends(edge: Edge) -> None:
    for _ in range(150):
        edge.film(1)
        edge.drain()
    ended = edge.end_job()
    edge.drain()
    assert edge.pack_sizes == [55, 55, 40]  # ten minutes of them, twice
    assert edge.singles == 1  # that of the end
    assert ended.frames_kept == len(edge.frames.stored) == 151
    assert edge.outbox.figures().frames_waiting == 0


def test_frames_that_wait_for_their_pack_are_no_backlog(edge: Edge) -> None:
    edge.film(30)
    edge.drain()
    figures = edge.outbox.figures()
    assert figures.frames_waiting == 30
    assert figures.oldest_seconds == 0
    edge.clock.pass_time(PACK_SECONDS)
    assert edge.outbox.figures().oldest_seconds >= PACK_SECONDS


def test_what_a_change_names_goes_at_once_and_alone(edge: Edge) -> None:
    edge.film(3)
    mere_percent = edge.change()
    captured = edge.change(with_frame=True)
    edge.drain()
    assert mere_percent.frame is not None
    assert captured.frame is not None
    assert sorted(edge.frames.stored) == sorted([mere_percent.frame.key, captured.frame.key])
    assert edge.frames.packs == {}


def test_a_heartbeat_names_what_is_there_already_and_a_new_frame_now_and_then(edge: Edge) -> None:
    edge.film(1)
    named = [edge.report(is_change=False).frame]
    while edge.clock.monotonic() < HandClock().monotonic() + NAMED_SECONDS + 2 * EVERY:
        edge.film(1)
        named.append(edge.report(is_change=False).frame)
        edge.drain()
    assert len({frame.key for frame in named if frame}) == edge.singles == 2
    assert all(frame is not None and frame.key in edge.frames.stored for frame in named)


@pytest.mark.parametrize("where", ["before the put", "after the put", "after some were forgotten"])
@pytest.mark.parametrize("more", [0, 5])
def test_a_power_cut_around_a_pack_loses_no_frame_that_was_on_disk(
    edge: Edge, monkeypatch: pytest.MonkeyPatch, where: str, more: int
) -> None:
    edge.film(PACK_FRAMES)
    put_pack, uploaded = edge.frames.put_pack, edge.outbox.reader.frame_uploaded
    forgotten: list[object] = []

    def dies(pack: Pack) -> None:
        if where == "before the put":
            raise Killed
        put_pack(pack)
        if where == "after the put":
            raise Killed

    def dies_later(frame: object) -> None:
        if len(forgotten) == 7:
            raise Killed
        forgotten.append(frame)
        uploaded(frame)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(edge.frames, "put_pack", dies)
        patch.setattr(edge.outbox.reader, "frame_uploaded", dies_later)
        with pytest.raises(Killed):
            edge.drain()
    edge.kill()
    edge.start()
    edge.film(more)
    ended = edge.end_job()
    edge.drain()
    assert len(edge.frames.stored) == PACK_FRAMES + more + 1
    assert ended.frames_kept == len(edge.frames.stored)
    assert edge.outbox.figures().frames_waiting == 0
    assert not list((edge.folder / "frames").iterdir())


def test_the_same_pack_is_put_again_after_an_answer_that_was_lost(edge: Edge) -> None:
    edge.film(PACK_FRAMES)
    put_pack = edge.frames.put_pack

    def answer_is_lost(pack: Pack) -> None:
        put_pack(pack)
        edge.frames.put_pack = put_pack  # type: ignore[method-assign]
        raise TransientError("connection reset")

    edge.frames.put_pack = answer_is_lost  # type: ignore[method-assign]
    edge.drain()
    edge.clock.pass_time(60)
    edge.drain()
    assert len(edge.frames.puts) == 2
    assert len(set(edge.frames.puts)) == 1


def test_a_frame_that_is_gone_or_unreadable_costs_that_frame(edge: Edge) -> None:
    edge.film(PACK_FRAMES)
    files = sorted((edge.folder / "frames").iterdir())
    files[3].unlink()
    edge.drain()
    assert len(edge.frames.stored) == PACK_FRAMES - 1
    assert edge.end_job().frames_kept == PACK_FRAMES


def test_a_pack_that_is_refused_is_sent_frame_by_frame_and_only_the_bad_one_is_set_aside(edge: Edge) -> None:
    edge.film(PACK_FRAMES)

    def refuse(key: str) -> None:
        if key.endswith(".pack") or "_000007_" in key:
            raise PermanentError("no")

    edge.frames.fault = refuse
    edge.drain()
    assert len(edge.frames.stored) == PACK_FRAMES - 1
    assert edge.outbox.figures().frames_set_aside == 1


def test_after_an_outage_reports_go_first_and_frames_sixty_at_a_time(edge: Edge) -> None:
    is_away = True

    def fault(what: object) -> None:
        if is_away:
            raise TransientError("no route to host")

    edge.queue.fault = edge.frames.fault = fault
    for _ in range(10):
        edge.film(60)
        edge.report(is_change=True)
        edge.uploader.upload_once()
    is_away = False
    edge.clock.pass_time(120)
    edge.frames.puts.clear()
    edge.drain()
    assert len(edge.queue.taken) == 11
    assert len(edge.frames.stored) >= 540  # the last ones wait for their pack
    edge.end_job()
    edge.drain()
    assert len(edge.frames.stored) == 601
    assert len(edge.frames.puts) <= 10 + 11 + 1


def test_a_percent_that_nobody_is_told_of_names_what_is_there_already(edge: Edge) -> None:
    edge.film(3)
    told = edge.change()
    edge.film(3)
    untold = edge.report(is_change=True, is_told=False)
    photo = edge.report(is_change=False, is_told=True)
    assert untold.frame == told.frame != photo.frame
    edge.drain()
    assert photo.frame is not None
    assert photo.frame.key in edge.frames.stored


def test_with_checks_a_second_look_finds_newer_frames_and_one_from_ten_minutes_before(tmp_path: Path) -> None:
    edge = Edge(tmp_path / "checked", PackRules(has_checks=True))
    edge.film(2000)  # a long job
    edge.drain()
    looked_at = edge.change(with_frame=True).frame
    assert looked_at is not None
    for _ in range(30):
        edge.film(1)
        edge.drain()
    times = [taken_at_of(key) or 0.0 for key in edge.frames.stored]
    newer = sorted(at - looked_at.taken_at for at in times if at > looked_at.taken_at)
    assert 60 <= newer[0] <= 120
    assert 2 <= len(newer) <= 3
    before = looked_at.taken_at - 600
    assert min(abs(at - before) for at in times) <= 2 * EVERY
    edge.outbox.close()


def test_thinning_reaches_frames_that_wait_for_their_pack(tmp_path: Path) -> None:
    edge = Edge(tmp_path / "small")
    edge.outbox._eviction._max_bytes = 50_000  # noqa: SLF001
    edge.film(200, 1000)
    figures = edge.outbox.figures()
    assert figures.frames_thinned > 100
    ended = edge.end_job()
    edge.drain()
    assert len(edge.frames.stored) == ended.frames_kept
    edge.outbox.close()


def test_a_backend_that_takes_no_packs_is_given_every_frame(tmp_path: Path) -> None:
    clock = HandClock()
    outbox = Outbox(tmp_path, 1_000_000, clock.wall, clock.monotonic)
    frames = MemoryFrames()
    uploader = Uploader(outbox, frames, MemoryQueue(), monotonic=clock.monotonic)
    for _ in range(3):
        outbox.keep_frame("A1M-1", a_job(), a_captured_frame(clock.wall()))
        while uploader.upload_once() == 0.0:
            pass
    assert len(frames.stored) == 3
    outbox.close()

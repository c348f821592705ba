"""Everything around one TimelapseService: real queues, records and frames, and a clock moved by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from functions.shared.domain.keys import job_prefix
from functions.shared.messages.effects import Category, Notification, Timelapse, decode_notification, outgoing
from functions.shared.ports import Delivery, FrameStore
from functions.shared.settings import Settings
from functions.timelapse.plan import FilmSpec
from functions.timelapse.service import FilmSettings, TimelapseService
from infra.local.stores import open_stores
from tests.functions.timelapse.encode_jobs import SPEC
from tests.support.clock import HandClock
from tests.support.consuming import consume, taken
from tests.support.numbered_frames import fill_folder
from tests.support.open_databases import closed_at_the_end

PRINTER = "A1M-1"
PREFIX = job_prefix(PRINTER, "benchy")
BEGIN = 1_700_000_000.0


@dataclass
class Harness:
    """`begin`: when the job began; frames come every six seconds."""

    folder: Path
    spec: FilmSpec = SPEC
    ffmpeg: str = ""
    retry_delays: Sequence[float] = (30.0, 120.0, 300.0, 600.0)
    clock: HandClock = field(default_factory=lambda: HandClock(BEGIN + 7200))

    def __post_init__(self) -> None:
        settings = Settings(data_dir=self.folder, images_dir=self.folder / "images")
        stores = open_stores(settings, self.clock, self.clock.monotonic)
        closed_at_the_end(stores.database)
        self.queue, self.notifications = stores.timelapses, stores.notifications
        self.records, self.frames = stores.records, cast("FrameStore", stores.frames)
        self.work_folder = self.folder / "work"
        self.restart()

    def restart(self) -> None:
        """A new service over the same stores, as after a restart of the program."""
        self.service = TimelapseService(
            self.notifications,
            self.records,
            self.frames,
            self.clock.wall,
            FilmSettings(
                spec=self.spec,
                chat_id="-1001",
                work_folder=self.work_folder,
                ffmpeg=self.ffmpeg,
                retry_delays=self.retry_delays,
                shown_folder=lambda prefix: str(self.folder / prefix),
            ),
        )

    def keep_frames(self, numbers: range, begin: float = BEGIN, prefix: str = PREFIX) -> list[Path]:
        return fill_folder(self.folder, prefix, numbers, begin, 6.0)

    def order(
        self, count: int, begin: float = BEGIN, kept: int | None = None, order_id: str = "c-1/timelapse"
    ) -> Timelapse:
        """Put an order for the film of a job of so many frames on the queue."""
        order = Timelapse(
            id=order_id,
            printer_id=PRINTER,
            job_id="job-1",
            observed_at=begin + 6.0 * count,
            prefix=PREFIX,
            since=begin + 0.4,
            until=begin + 6.0 * count,
            frames_kept=kept,
            model="A1 mini",
            job_name="benchy",
            result=Category.FINISHED,
            duration_seconds=6.0 * count,
        )
        self.put(order)
        return order

    def put(self, order: Timelapse) -> None:
        assert not self.queue.send([outgoing(order, order.job_id)])

    def delivery(self) -> Delivery:
        [delivery] = self.queue.receive(1)
        return delivery

    def handle(self, delivery: Delivery) -> None:
        consume(self.queue, self.service, [delivery])

    def work(self) -> None:
        """Handle the one delivery that is due."""
        self.handle(self.delivery())

    def work_until_idle(self, limit_seconds: float) -> int:
        """Let time pass and handle what becomes due; how many times something was handled."""
        handled, passed = 0, 0.0
        while passed <= limit_seconds:
            for delivery in self.queue.receive(1):
                self.handle(delivery)
                handled += 1
            self.clock.pass_time(5.0)
            passed += 5.0
        return handled

    def told(self) -> list[Notification]:
        """What was put on the notifications queue since the last time."""
        return taken(self.notifications, decode_notification)

    def film_file(self, notification: Notification) -> Path:
        assert notification.film is not None
        return self.folder / notification.film.key

    def smaller(self, order: Timelapse, max_bytes: int) -> Timelapse:
        return replace(order, id=f"{order.id}/smaller", max_bytes=max_bytes)

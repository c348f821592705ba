"""A simulated month of one printer: 30 days with two jobs of four hours each, and idle otherwise.

One job and the eight idle hours behind it go through the real collector, AWS back end and handlers; a month
is 60 such jobs and rests, for they do not differ. A job of 40 hours shows how cost grows.
"""

import functools
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.simulator.telemetry import MergedStatus, whole_report
from tests.performance.cost.assumptions import DAYS, HOURS_A_DAY, JOB_HOURS, JOBS_A_DAY, PAGE_PRINTERS
from tests.performance.cost.cloud import PRINTER, Cloud, cloud
from tests.performance.cost.figures import Figures
from tests.performance.cost.prices import Unit
from tests.support.edge_material import image_text, jpeg, status_text
from tests.support.event_loop import own_event_loop

HOUR = 3600
LAYERS = 240
LONG_JOB_HOURS = 40
# A status and an image this often. The long job's film takes one image in 107 s: more are not kept.
JOB_STEP, LONG_JOB_STEP, IDLE_STEP = 1.0, 10.0, 5.0
REST_HOURS = HOURS_A_DAY / JOBS_A_DAY - JOB_HOURS
_EVERY_FIVE_MINUTES = 300
_ROUNDS = 12  # of the stack's own doings, an hour


@dataclass(frozen=True, slots=True)
class Measured:
    """What was used by one job of four hours, one of forty, the rest until the next job, one call of the API
    of each kind, and an hour of a stack and a collector without printers. `status_bytes`: an answer with a
    status. `page_calls`: one request of a page, and the bytes of its answer, by the number of printers;
    `view_calls`: each request that the view of one printer adds.

    `told` is what the chat got of the job of four hours, `reconnects` how often that was connected anew.
    """

    job: Figures
    long_job: Figures
    rest: Figures
    status_call: Figures
    image_call: Figures
    own_hour: Figures
    status_bytes: int
    page_calls: Mapping[int, tuple[Figures, int]]
    view_calls: list[tuple[Figures, int]]
    told: list[str]
    reconnects: int


class Printer:
    """Says once a step what BambUI would pass on, and shows an image."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._status = MergedStatus(whole_report("A1M"))
        self._image = image_text(jpeg(120))
        self._number = 0

    def says(self, **fields: Any) -> None:
        """Something small always moves."""
        self._number += 1
        moving = {"sequence_id": str(self._number), "wifi_signal": f"-{40 + self._number % 17}dBm"}
        self._status.merge({**moving, **fields})
        self._cloud.session.received(self._image)
        self._cloud.session.received(status_text(**self._status.data))
        self._cloud.carry()

    def idles(self, seconds: float, step: float) -> None:
        begun = self._cloud.now
        for number in range(1, int(seconds / step) + 1):
            self._cloud.run_to(begun + number * step)
            self.says(nozzle_temper=24.0 + number % 9 / 32)

    def prints(self, name: str, hours: float, step: float) -> None:
        """A whole job, and the minutes after it in which its film is made and sent."""
        begun, seconds = self._cloud.now, hours * HOUR
        self.says(gcode_state="PREPARE", subtask_name=name, gcode_file=f"{name}.3mf", total_layer_num=LAYERS)
        for number in range(1, int(seconds / step) + 1):
            self._cloud.run_to(begun + number * step)
            share = number * step / seconds
            self.says(
                gcode_state="RUNNING",
                mc_percent=int(share * 100),
                layer_num=int(share * LAYERS),
                mc_remaining_time=int(seconds * (1 - share) / 60),
                nozzle_temper=220.0 + number % 9 / 32,
            )
        self.says(gcode_state="FINISH", mc_percent=100)


@functools.cache
def measured() -> Measured:
    """Takes some seconds; measured once."""
    # Nothing of this is counted: where there is a disk in memory it spares the real one.
    memory = Path("/dev/shm")
    with (
        tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder,
        own_event_loop(),
        cloud(Path(folder)) as stack,
    ):
        printer = Printer(stack)
        printer.says(gcode_state="FINISH", mc_percent=100, subtask_name="Before")
        printer.idles(60, IDLE_STEP)

        def used(doing: Callable[[], object]) -> Figures:
            before = stack.figures
            doing()
            return stack.figures.since(before)

        def own_hour() -> None:
            for _ in range(_ROUNDS):
                stack.report_collector()
                stack.carry()
                stack.look_for_collectors()
                stack.clock.skip(_EVERY_FIVE_MINUTES)

        def page_call(count: int) -> tuple[Figures, int]:
            stack.know_printers(count)
            found: list[int] = []
            call = used(
                lambda: found.append(stack.ask("/api/overview", "page", **{"Accept-Encoding": "gzip"}))
            )
            return call, found[0]

        def view_call(what: str) -> tuple[Figures, int]:
            found: list[int] = []
            call = used(
                lambda: found.append(stack.ask(f"{path}/{what}", "page", **{"Accept-Encoding": "gzip"}))
            )
            return call, found[0]

        reconnects_before = stack.edge.reconnects
        job = used(lambda: printer.prints("Benchy", JOB_HOURS, JOB_STEP))
        told, reconnects = stack.telegram.texts, stack.edge.reconnects - reconnects_before
        rest = used(lambda: printer.idles(REST_HOURS * HOUR, IDLE_STEP))
        path = f"/api/printer/{PRINTER}"
        stack.ask(path)  # the first makes the container
        sizes: list[int] = []
        status_call = used(lambda: sizes.append(stack.ask(path)))
        image_call = used(lambda: stack.ask(f"{path}/image"))
        page_calls = {count: page_call(count) for count in PAGE_PRINTERS}
        view_calls = [view_call(what) for what in ("job", "messages")]
        long_job = used(lambda: printer.prints("Vase", LONG_JOB_HOURS, LONG_JOB_STEP))
        stack.session.closed()
        own = used(own_hour)
        return Measured(
            job,
            long_job,
            rest,
            status_call,
            image_call,
            own,
            sizes[0],
            page_calls,
            view_calls,
            told,
            reconnects,
        )


def month_of(job: Figures, rest: Figures) -> Figures:
    """What a printer uses in a month, calls of the API not among it."""
    return job.with_more(rest).times(DAYS * JOBS_A_DAY)


def pictures_of_a_month(job: Figures, rest: Figures) -> float:
    """How often another picture of a printer is there to be shown: with each report at the most."""
    month = month_of(job, rest)
    return min(month["writes of printer"], month["frames kept"] + month[Unit.S3_PUT_LATEST])

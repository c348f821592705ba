"""An hour of many printers as their collectors report it: heartbeats, prints, an outage of half of them.

A third of them prints, as eight hours a day do; a quarter of those ends its job in this hour and begins
another. At minute 20 the collectors of every second site lose their power, and at minute 37 they are back.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from functions.shared.domain.keys import frame_key, job_prefix
from functions.shared.messages.report import FrameReference, Report, ReportKind
from infra.simulator.telemetry import whole_report

HOUR, MINUTE = 3600, 60
JOB_SECONDS = 4 * HOUR
PERCENT_SECONDS = JOB_SECONDS / 100
PRINTING_HEARTBEAT, IDLE_HEARTBEAT = 120, 300  # REPORT_INTERVAL_SECONDS
OWN_REPORT = 300
OUTAGE_BEGINS, OUTAGE_ENDS = 20 * MINUTE, 37 * MINUTE  # silence is told after 15 minutes
BACK_WITHIN = 2 * MINUTE  # a collector reads BambUI's list and connects to all
PAUSE_BETWEEN_JOBS = 5 * MINUTE
_FRAME_BYTES = 60_000
_LAYERS = 240


@dataclass
class SimulatedPrinter:
    """One printer; `reports` are what its collector says of it."""

    number: int
    site: "Site"
    name: str = field(init=False)
    sequence: int = 0

    def __post_init__(self) -> None:
        self.name = f"A1M-{self.number:05d}"
        self.is_printing = self.number % 3 == 0
        # Spread over the hour, so that no second has more to do than another.
        self.offset = self.number * 7919 % IDLE_HEARTBEAT
        self.ends_at: int | None = None
        if self.number % 12 == 0:
            self.ends_at = IDLE_HEARTBEAT + self.number * 104_729 % (HOUR - 15 * MINUTE)
        self.begun_before = self.number * 31 % 70 * PERCENT_SECONDS + self.number * 17 % PERCENT_SECONDS

    def reports(self) -> Iterator[tuple[float, "SimulatedPrinter", dict[str, Any]]]:
        """Seconds of the hour, and the status then."""
        at = float(self.offset)
        while at < HOUR:
            status, following = self.course(at)
            yield at, self, status
            at = following

    def course(self, at: float) -> tuple[dict[str, Any], float]:
        """What it says then, and when the next report is due."""
        job, seconds = self._job_at(at)
        if job is None:
            fields = {"gcode_state": "FINISH", "mc_percent": 100, "subtask_name": "before"}
            return fields, min(at + IDLE_HEARTBEAT, self._next_begin(at))
        percent = int(seconds / PERCENT_SECONDS)
        fields = {
            "gcode_state": "RUNNING",
            "subtask_name": job,
            "gcode_file": f"{job}.3mf",
            "mc_percent": percent,
            "layer_num": percent * _LAYERS // 100,
            "total_layer_num": _LAYERS,
            "mc_remaining_time": int((JOB_SECONDS - seconds) / 60),
            "nozzle_temper": 220.0 + self.number % 9 / 32,
        }
        to_percent = (percent + 1) * PERCENT_SECONDS - seconds
        following = at + min(PRINTING_HEARTBEAT, max(1.0, to_percent))
        return fields, following if self.ends_at is None or at >= self.ends_at else min(
            following, self.ends_at
        )

    def _job_at(self, at: float) -> tuple[str | None, float]:
        """The job that runs then, and for how long it has."""
        if not self.is_printing:
            return None, 0.0
        if self.ends_at is not None and at >= self.ends_at:
            since = at - self.ends_at - PAUSE_BETWEEN_JOBS
            return ("vase", since) if since >= 0 else (None, 0.0)
        return "benchy", self.begun_before + at

    def _next_begin(self, at: float) -> float:
        if self.ends_at is not None and self.ends_at <= at < self.ends_at + PAUSE_BETWEEN_JOBS:
            return float(self.ends_at + PAUSE_BETWEEN_JOBS)
        return float("inf")


@dataclass
class Site:
    """A collector and its printers. `fails`: it has the outage."""

    number: int
    fails: bool
    printers: list[SimulatedPrinter] = field(default_factory=list)
    sequence: int = 0

    @property
    def collector_id(self) -> str:
        return f"{self.number:032x}"

    def is_away(self, at: float) -> bool:
        return self.fails and OUTAGE_BEGINS <= at < OUTAGE_ENDS


# When (second of the hour), what goes first then, whose number, who, and its status if it is a printer's.
_Event = tuple[float, int, int, "Site | SimulatedPrinter", dict[str, Any] | None]


class Fleet:
    """`events` gives every report of the hour in order, made when it is asked for."""

    def __init__(self, printers: int, per_site: int) -> None:
        count = -(-printers // per_site)
        self.sites = [Site(number, fails=number % 2 == 1) for number in range(max(2, count))]
        self.printers = [
            SimulatedPrinter(number, self.sites[number * len(self.sites) // printers])
            for number in range(printers)
        ]
        for printer in self.printers:
            printer.site.printers.append(printer)
        self._whole = whole_report("A1M")

    def known_before(self, begin: float) -> Iterator[tuple[float, Report]]:
        """What makes all of them known, before anything is counted."""
        for site in self.sites:
            yield begin, self.own_report(site, begin)
        for printer in self.printers:
            status, _ = printer.course(0.0)
            yield begin, self.report(printer, begin, status)

    def events(self, begin: float) -> Iterator[tuple[float, Report]]:
        """Each with the second of the hour at which the queue has it."""
        sources = [printer.reports() for printer in self.printers]
        statuses: Iterator[_Event] = (
            (at, 1, printer.number, printer, status) for at, printer, status in heapq.merge(*sources, key=_at)
        )
        own: Iterator[_Event] = (
            (float(at), 0, site.number, site, None)
            for at in range(0, HOUR, OWN_REPORT)
            for site in self.sites
        )
        returning: Iterator[_Event] = (
            (at, 2, printer.number, printer, None)
            for at, printer in sorted(self._returns(), key=lambda it: (it[0], it[1].number))
        )
        for at, _, _, who, said in heapq.merge(own, statuses, returning, key=lambda it: it[:3]):
            if isinstance(who, Site):
                if not who.is_away(at):
                    yield at, self.own_report(who, begin + at)
            elif who.site.is_away(at):
                continue
            elif said is not None:
                yield at, self.report(who, begin + at, said)
            else:
                yield at, self.presence(who, begin + at)
                status, _ = who.course(at)
                yield at, self.report(who, begin + at, status, after_gap=OUTAGE_ENDS - OUTAGE_BEGINS)

    def _returns(self) -> Iterator[tuple[float, SimulatedPrinter]]:
        for site in self.sites:
            for place, printer in enumerate(site.printers if site.fails else ()):
                yield OUTAGE_ENDS + place * BACK_WITHIN / len(site.printers), printer

    def report(
        self,
        printer: SimulatedPrinter,
        at: float,
        fields: dict[str, Any],
        after_gap: float | None = None,
    ) -> Report:
        printer.sequence += 1
        moving = {"sequence_id": str(printer.sequence), "wifi_signal": f"-{40 + printer.sequence % 17}dBm"}
        job = fields["subtask_name"]
        is_active = fields["gcode_state"] == "RUNNING"
        key = frame_key(job_prefix(printer.name, job), at, printer.sequence)
        return Report(
            printer.site.collector_id,
            self._next(printer.site),
            printer.name,
            ReportKind.STATUS,
            at,
            at,
            model="A1M",
            is_online=True,
            status={**self._whole, **moving, **fields},
            frame=FrameReference(key, at, _FRAME_BYTES) if is_active else None,
            frames_kept=printer.sequence if is_active else None,
            after_gap=after_gap is not None,
            gap_seconds=after_gap,
        )

    def presence(self, printer: SimulatedPrinter, at: float) -> Report:
        return Report(
            printer.site.collector_id,
            self._next(printer.site),
            printer.name,
            ReportKind.PRESENCE,
            at,
            at,
            model="A1M",
            is_online=True,
        )

    def own_report(self, site: Site, at: float) -> Report:
        printers = [
            {"printer_id": it.name, "model": "A1M", "is_online": True, "is_connected": True}
            for it in site.printers
        ]
        status = {
            "version": "1.0.0",
            "started_at": 1.0,
            "outbox": {"bytes": 0, "reports": 0},
            "printers": printers,
        }
        return Report(
            site.collector_id, self._next(site), "collector", ReportKind.COLLECTOR, at, at, status=status
        )

    def _next(self, site: Site) -> int:
        site.sequence += 1
        return site.sequence


def _at(event: tuple[float, SimulatedPrinter, dict[str, Any]]) -> tuple[float, int]:
    return event[0], event[1].number

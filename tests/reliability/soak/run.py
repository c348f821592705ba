"""One soak: the load, the real program, and somebody who looks at both every few seconds."""

import json
import random
import re
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from collector.printer.frames import FrameSampler, sample
from tests.e2e.program import Program
from tests.reliability.soak.bounds import Bound, bounds
from tests.reliability.soak.judge import Row, judge
from tests.reliability.soak.prints import Habit, PrinterScript, scripts
from tests.reliability.soak.sampling import Sample, folder_bytes, process_values, read_metrics
from tests.reliability.soak.side_process import SideProcess
from tests.support.collector_process import CREDENTIALS, Edge
from tests.support.http_server import free_port
from tests.support.timeouts import wait_until

Mode = Literal["embedded", "cloud"]
_FILM_BUDGET = 45 * 30
_LISTED_EACH = 5  # printers whose lag is looked at each time
_TOLD = re.compile(r": (print started|print finished)\n│ (job-\S+)")
_METRICS = {
    "tasks": "printer_bridge_tasks",
    "outbox_bytes": "printer_bridge_outbox_bytes",
    "outbox_reports": "printer_bridge_outbox_reports",
    "outbox_age": "printer_bridge_outbox_age_seconds",
    "frames_kept": "printer_bridge_frames_kept_total",
    "read_statuses": "printer_bridge_messages_total/status",
    "read_pictures": "printer_bridge_messages_total/picture",
}
_NEVER = (
    "printer_bridge_messages_total/bad",
    "printer_bridge_frames_refused_total",
    "printer_bridge_frames_dropped_total",
    "printer_bridge_frames_thinned_total",
    "printer_bridge_reports_dropped_total",
    "printer_bridge_session_faults_total",
)
_STARTS_WITHIN = 60.0


@dataclass(frozen=True)
class Plan:
    """How long, how many, and how long the short prints are. `told_within`: seconds after the last
    sample in which a begin or an end of a print must have been told."""

    mode: Mode
    printers: int = 200
    seconds: float = 1200.0
    job_seconds: float = 120.0
    rest_seconds: float = 30.0
    sample_every: float = 3.0
    images_every: int = 5
    told_within: float = 20.0
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Outcome:
    """What was seen. `faults`: everything that is wrong, in words."""

    plan: Plan
    rows: list[Row]
    faults: list[str]
    figures: dict[str, float]


def soak(plan: Plan, folder: Path, say: Callable[[Sample], None] = lambda sample: None) -> Outcome:
    """Blocks for the plan's seconds and a little more."""
    with ExitStack() as stack:
        load = stack.enter_context(
            SideProcess("tests.reliability.soak.load", plan.printers, plan.job_seconds, plan.rest_seconds)
        )
        far = (
            stack.enter_context(SideProcess("tests.reliability.soak.remote_backend"))
            if plan.mode == "cloud"
            else None
        )
        program = stack.enter_context(_program(plan, folder, load, far))
        watch = _Watch(plan, folder, program, load, far)
        _wait_until_connected(load, plan.printers, program)
        samples = []
        for sample in watch.samples():
            samples.append(sample)
            say(sample)
        watch.wait_until_told(program)
        made = watch.figures(samples)
        faults = watch.faults()
        watch.look_last()
        code = program.stop()
        if code != 0:
            faults.append(f"the program ended with {code}")
        faults += watch.faults_told(program.out)
        warnings = program.err.splitlines()
        faults += [f"{len(warnings)} lines of warnings, such as: {warnings[0]:.200}"] if warnings else []
    rows = judge(samples, watch.bounds())
    faults += [fault for row in rows for fault in row.faults]
    return Outcome(plan, rows, faults, made)


def _program(plan: Plan, folder: Path, load: SideProcess, far: SideProcess | None) -> Program:
    settings = {
        "PRINTERS_API_URL": f"{load.url}/api/printers",
        "WS_URL_TEMPLATE": f"ws://127.0.0.1:{load.port}/ws/printer/{{printer_id}}",
        "PRINTER_ID": scripts(1, 1, 1)[0].printer_id,
        "DATA_DIR": str(folder / "data"),
        "LOG_LEVEL": "WARNING",
        "CHANGES_PER_MINUTE": "0",  # prints here are faster than life
    }
    if far is None:
        more = {"IMAGES_DIR": str(folder / "images"), "PORT": "0", "SIMULATE": "0"}
        return Program(folder, **settings | more | dict(plan.settings))
    more = {
        **CREDENTIALS,
        "AWS_ENDPOINT_URL": far.url,
        "REPORTS_QUEUE_URL": f"{far.url}/123456789012/reports.fifo",
        "FRAMES_BUCKET": "frames",
        "METRICS_PORT": str(free_port()),
    }
    return Edge(folder, **settings | more | dict(plan.settings))


def _wait_until_connected(load: SideProcess, printers: int, program: Program) -> None:
    """And until a status or two of each have come. Raises TimeoutError, or RuntimeError if it has ended."""

    def have_come(what: str, count: float) -> Callable[[], bool]:
        def is_so() -> bool:
            if not program.is_running:
                raise RuntimeError(f"the program has ended:\n{program.all}")
            return bool(load.figures()[what] >= count)

        return is_so

    wait_until(
        have_come("open", printers),
        lambda: f"{load.figures()['open']} of {printers} printers were connected to",
        _STARTS_WITHIN,
    )
    wanted = load.figures()["statuses"] + 1.5 * printers
    wait_until(have_come("statuses", wanted), lambda: "no status comes")


class _Watch:
    """Looks at everything, again and again."""

    def __init__(
        self, plan: Plan, folder: Path, program: Program, load: SideProcess, far: SideProcess | None
    ) -> None:
        self._plan = plan
        self._folder = folder
        self._load = load
        self._far = far
        self._scripts = scripts(plan.printers, plan.job_seconds, plan.rest_seconds)
        self._process_id = program.process_id
        self._api = program.url if far is None else ""
        if far is None:
            self._metrics = f"{self._api}/metrics"
        else:
            self._metrics = f"http://127.0.0.1:{program.settings['METRICS_PORT']}/metrics"
        self._chance = random.Random(1)
        self._sent: dict[str, Any] = {}
        self._due: dict[str, set[str]] = {"begun": set(), "ended": set()}
        self._arrived: dict[str, Any] = {}
        self._newest_lag = 0.0
        self._has_metrics = False

    def samples(self) -> Iterator[Sample]:
        begun = time.monotonic()
        number = 0
        while (now := time.monotonic()) - begun < self._plan.seconds:
            yield Sample(now - begun, self._look(with_images=number % self._plan.images_every == 0))
            number += 1
            time.sleep(max(0.0, begun + number * self._plan.sample_every - time.monotonic()))

    def _look(self, *, with_images: bool) -> dict[str, float]:
        values = process_values(self._process_id)
        metrics = read_metrics(self._metrics)
        self._has_metrics = self._has_metrics or bool(metrics)
        values |= {name: metrics[metric] for name, metric in _METRICS.items() if metric in metrics}
        data = self._folder / "data"
        values["outbox_disk"] = folder_bytes(data / "outbox")[0]
        self._sent = self._load.figures()
        values |= {
            name: self._sent[name] for name in ("waiting_bytes", "statuses", "pictures", "connections")
        }
        values["load_late"] = self._sent["late_seconds"]
        values["load_processor"] = process_values(self._load.process_id).get("processor", 0.0)
        if self._far is not None:
            self._arrived = self._far.figures()
            values |= {name: self._arrived[name] for name in ("reports", "frames", "frame_bytes")}
            if self._arrived["lag_median"] is not None:
                self._newest_lag = self._arrived["lag_median"]
            values["lag"] = self._newest_lag
        else:
            values["database"] = sum(
                path.stat().st_size for path in data.glob("bridge.sqlite3*") if path.exists()
            )
            values["lag"] = self._lag()
            if with_images:
                values["images"], values["image_files"] = folder_bytes(self._folder / "images")
        return values

    def _lag(self) -> float:
        """The most of a few printers: from the sending of a status to its receipt, as the API tells it."""
        lags = [0.0]
        for script in self._chance.sample(self._scripts, min(_LISTED_EACH, len(self._scripts))):
            with urllib.request.urlopen(f"{self._api}/api/printer/{script.printer_id}", timeout=10) as answer:
                said = json.load(answer)
            lags.append(datetime.fromisoformat(said["received_at"]).timestamp() - said["status"]["sent_at"])
        return max(lags)

    def bounds(self) -> list[Bound]:
        kept = sum(kept_frames(script, self._plan.seconds) for script in self._scripts)
        made = bounds(
            self._plan.printers,
            self._plan.seconds / 60,
            kept * self._sent["picture_bytes"],
            is_cloud=self._far is not None,
        )
        return [bound for bound in made if self._has_metrics or bound.name not in _METRICS]

    def figures(self, samples: list[Sample]) -> dict[str, float]:
        """Rates and sums over the whole time."""
        first, last = samples[0], samples[-1]
        seconds = max(1e-9, last.at - first.at)

        def rate(name: str) -> float:
            if name not in first.values or name not in last.values:
                return float("nan")
            return (last.values[name] - first.values[name]) / seconds

        return {
            "seconds": seconds,
            "statuses sent a second": rate("statuses"),
            "pictures sent a second": rate("pictures"),
            "statuses read a second": rate("read_statuses"),
            "pictures read a second": rate("read_pictures"),
            "frames kept a second": rate("frames_kept"),
            "processor of the program": rate("processor"),
            "processor of the load": rate("load_processor"),
            "load late by at most": max(sample.values["load_late"] for sample in samples),
            "connections": last.values["connections"],
        }

    def look_last(self) -> None:
        """What happened until now, before the program is ended."""
        self._sent = self._load.figures()
        if self._far is not None:
            self._arrived = self._far.figures()

    def faults(self) -> list[str]:
        """Messages lost between load and program, and what the remote backend found."""
        faults = list(self._arrived.get("faults", ()))
        metrics, sent = read_metrics(self._metrics), self._load.figures()
        # Each reconnect may leave a message in the socket that is closed; those on their way now come on top.
        allowed = (sent["connections"] - self._plan.printers) * 2 + self._plan.printers
        for kind, name in (("status", "statuses"), ("picture", "pictures")):
            read = metrics.get(f"printer_bridge_messages_total/{kind}")
            if read is not None and sent[name] - read > allowed:
                faults.append(f"{sent[name]} {name} were sent, {read:.0f} were read")
        faults += [f"{metrics[name]:.0f} of {name}" for name in _NEVER if metrics.get(name)]
        if not self._has_metrics:
            faults.append("no metrics: tasks, outbox and messages were not judged")
        return faults

    def wait_until_told(self, program: Program) -> None:
        """Until all that had happened at the last sample is told, or has had its time to be."""
        self._due = {word: set(self._sent[word]) for word in ("begun", "ended")}
        deadline = time.monotonic() + self._plan.told_within
        while time.monotonic() < deadline:
            if self._far is not None:
                self._arrived = self._far.figures()
            told = self._told(program.out)
            if all(names <= told[word].keys() for word, names in self._due.items()):
                return
            time.sleep(0.1)

    def _told(self, out: str) -> dict[str, Counter[str]]:
        if self._far is not None:
            return {word: Counter(list(self._arrived[word])) for word in ("begun", "ended")}
        found = _TOLD.findall(out)
        return {
            "begun": Counter(name for words, name in found if words.endswith("started")),
            "ended": Counter(name for words, name in found if words.endswith("finished")),
        }

    def faults_told(self, out: str) -> list[str]:
        """Begins and ends of prints that were not told, or twice, or that never were."""
        told, faults = self._told(out), []
        since = self._load.figures()  # a print may have begun while the program was being ended
        for word, names in told.items():
            if missing := self._due[word] - names.keys():
                faults.append(f"{len(missing)} prints {word} were not told, such as {min(missing)}")
            if many := [name for name, count in names.items() if count > 1]:
                faults.append(f"{len(many)} prints {word} were told twice, such as {many[0]}")
            if ghosts := names.keys() - since[word].keys():
                faults.append(f"{len(ghosts)} prints {word} were told but never were: {min(ghosts)}")
        return faults


def kept_frames(script: PrinterScript, seconds: float) -> int:
    """How many frames the picker keeps of that printer in that time, by its own rule; one comes a second."""
    if script.habit is Habit.IDLE:
        return 0
    sampler, kept = None, 0
    for second in range(int(seconds) + 1):
        job = script.printing(second)
        if job is None or job.is_done:
            continue
        if sampler is None or sampler.token != job.name:
            sampler = FrameSampler(job.name, began_at=second)
        sampler, is_kept = sample(sampler, second, (1 - job.share) * job.seconds, _FILM_BUDGET)
        kept += is_kept
    return kept

"""How long a function takes to start, as a ratio to one that does nothing, in the same run: `make bench`.

CPU time of the whole process, from its start until the runtime asks for the first event; for those that
somebody waits for, until the first answer too. In turns, so that a busy machine is busy for all of them.
"""

import contextlib
import os
import re
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from functions.shared.domain.keys import digest
from functions.shared.messages.effects import Category, Notification, outgoing
from functions.shared.messages.report import Report, ReportKind, encode_report
from functions.shared.ports import Outgoing
from tests.performance.benchmarks.deployed_function import (
    EMPTY_HANDLER,
    build,
    code,
    empty,
    runtime_packages,
)
from tests.performance.benchmarks.receiving import show
from tests.support.lambda_runtime.container import Code, LambdaRuntime
from tests.support.lambda_runtime.event_source import api_event
from tests.support.lambda_runtime.stack import BOT_TOKEN_NAME, OPENROUTER_KEY_NAME, LambdaStack
from tests.support.telegram.server import TelegramServer
from tests.support.timeouts import TIMEOUT

pytestmark = pytest.mark.benchmark
pytest_plugins = ("tests.support.lambda_runtime.fixtures",)

FUNCTIONS = ("tracker", "notify", "inspection", "timelapse", "liveness", "api")
BOUNDS = {"tracker": 9.0, "notify": 8.0, "api": 12.0}
ROUNDS = 7
_IMPORT = re.compile(r"^import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Start:
    """Milliseconds until the first event was asked for, and of CPU until then and until the first answer."""

    wall: float
    cpu: float
    answered: float = 0.0


@dataclass
class Starts:
    """Of one function."""

    handler: str
    code: Code
    found: list[Start] = field(default_factory=list)

    def median(self, what: Callable[[Start], float]) -> float:
        return statistics.median(map(what, self.found))


class _Watched(LambdaRuntime):
    """Notes when the first event is asked for, before it is given."""

    def __enter__(self) -> "_Watched":
        self.asked = threading.Event()
        super().__enter__()
        return self

    def next_event(self) -> str | None:
        if not self.asked.is_set():
            self.wall, self.cpu = (time.monotonic() - self.started_at) * 1000, cpu_milliseconds(self.pid)
            self.asked.set()
        return super().next_event()


def cpu_milliseconds(pid: int) -> float:
    """Of all threads that live; one may end meanwhile."""
    spent = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            spent += int((task / "schedstat").read_text().split()[0])
    return spent / 1e6


def start(starts: Starts, environment: Mapping[str, str], event: Mapping[str, Any] | None = None) -> Start:
    with _Watched(starts.handler, environment, code=starts.code) as container:
        assert container.asked.wait(TIMEOUT), container.output
        if event is None:
            return Start(container.wall, container.cpu)
        container.invoke(event)
        return Start(container.wall, container.cpu, cpu_milliseconds(container.pid))


def imported(starts: Starts, environment: Mapping[str, str]) -> tuple[int, list[str]]:
    """How many modules, and the heaviest packages with the milliseconds of their own modules."""
    slow = Code(starts.code.task, starts.code.path, (*starts.code.options, "-X", "importtime"))
    with _Watched(starts.handler, environment, code=slow) as container:
        assert container.asked.wait(TIMEOUT), container.output
    spent: Counter[str] = Counter()
    modules = _IMPORT.findall(container.output)
    for microseconds, module in modules:
        if not module.endswith("handler"):  # that has the rest of the start in it
            spent[module.partition(".")[0]] += int(microseconds)
    return len(modules), [f"{package} {each / 1000:.0f}" for package, each in spent.most_common(5)]


@pytest.fixture
def telegram(stack: LambdaStack) -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        stack.set(TELEGRAM_API_URL=server.url, TELEGRAM_CHAT_ID=server.chat_id)
        stack.set_secret("TELEGRAM_BOT_TOKEN_PARAMETER", BOT_TOKEN_NAME, server.token)
        yield server


def first_event(stack: LambdaStack, name: str, number: int) -> Mapping[str, Any] | None:
    """For whose answer somebody waits: a report, a message, a question."""
    if name == "api":
        return api_event("/api/printers")
    if name == "tracker":
        now = stack.now()
        said = {"gcode_state": "RUNNING", "subtask_name": "Benchy"}
        report = Report(
            "c1", number, f"p{number}", ReportKind.STATUS, observed_at=now, shipped_at=now, status=said
        )
        stack.send("REPORTS", Outgoing(encode_report(report), report.group, digest(report.id)))
        return stack.take("REPORTS")
    if name == "notify":
        made = Notification(f"c-{number}/started", Category.STARTED, "A1M-1", stack.now())
        stack.send("NOTIFICATIONS", outgoing(made, "4242"))
        event = stack.take("NOTIFICATIONS", 1)
        stack.settle("NOTIFICATIONS", event, {"batchItemFailures": []})
        return event
    return None


def test_a_function_starts_in_so_many_times_what_an_empty_one_takes(
    stack: LambdaStack, telegram: TelegramServer, tmp_path: Path
) -> None:
    stack.set(OPENROUTER_API_KEY_PARAMETER=OPENROUTER_KEY_NAME)  # so that checks are on; it is not read
    packages, environment = runtime_packages(tmp_path), dict(os.environ)
    measured = {"empty": Starts(EMPTY_HANDLER, code(empty(tmp_path), packages))}
    for name in FUNCTIONS:
        handler = f"functions.{name}.handler.handle"
        measured[name] = Starts(handler, code(build(name, tmp_path), packages))
    as_written = build("notify", tmp_path / "as-written", is_compiled=False)
    measured["notify, not compiled"] = Starts(
        "functions.notify.handler.handle", code(as_written, packages, "-B")
    )
    for number in range(ROUNDS + 1):
        for name, starts in measured.items():
            begun = start(starts, environment, first_event(stack, name, number))
            if number:  # the first reads from the disk
                starts.found.append(begun)
    nothing = measured["empty"]
    base = nothing.median(lambda it: it.cpu)
    show(
        f"\ncold starts: an empty function {base:.0f} ms of CPU, {nothing.median(lambda it: it.wall):.0f} ms"
    )
    ratios = {}
    for name, starts in measured.items():
        ratios[name] = starts.median(lambda it: it.cpu) / base
        answered = starts.median(lambda it: it.answered)
        count, heaviest = imported(starts, environment)
        show(
            f"{name}: {ratios[name]:.1f} x, {starts.median(lambda it: it.cpu):.0f} ms of CPU, "
            f"{starts.median(lambda it: it.wall):.0f} ms"
            + (
                f"; {answered / base:.1f} x, {answered:.0f} ms of CPU with its first answer"
                if answered
                else ""
            )
            + f"; {count} modules, ms of {', '.join(heaviest)}"
        )
    assert {name: ratio for name, ratio in ratios.items() if ratio > BOUNDS.get(name, 9.0)} == {
        "notify, not compiled": ratios["notify, not compiled"]
    }

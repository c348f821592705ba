"""The whole cloud half with a collector before it, on counted AWS and a clock that is moved by hand."""

import base64
import contextlib
import copy
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from collector.outbox.model import NewReport
from collector.outbox.outbox import Outbox
from collector.outbox.packing import PackRules
from collector.printer.policy import session_policy
from functions.api import handler as api_handler
from functions.liveness import handler as liveness_handler
from functions.shared.aws import clients
from functions.shared.aws.dynamodb import DynamoRecordStore
from functions.shared.aws.s3 import S3FrameStore
from functions.shared.aws.sqs import SqsQueue
from functions.shared.domain.keys import printer_key
from functions.shared.messages.report import Report, ReportKind
from functions.shared.settings import Settings
from tests.e2e.replay import BEGIN
from tests.performance.cost.assumptions import SESSION_TOKEN_BYTES
from tests.performance.cost.counting import CountingAws
from tests.performance.cost.figures import Figures
from tests.performance.cost.lambdas import Lambdas
from tests.support.aws.places import aws_environment
from tests.support.clock import HandClock
from tests.support.lambda_runtime.event_source import api_event
from tests.support.lambda_runtime.stack import new_containers
from tests.support.stepped_edge import SteppedEdge
from tests.support.telegram.server import GROUP_ID, TelegramServer

PRINTER = "A1M-1"
BUCKET = "frames"
TOKEN_NAME = "/printer-bridge/telegram-bot-token"
_QUEUES = {
    "REPORTS": ".fifo",
    "NOTIFICATIONS": ".fifo",
    "INSPECTIONS": "",
    "TIMELAPSES": "",
}
_URL = "https://sqs.eu-central-1.amazonaws.com/123456789012/"


class Cloud:
    """Feed `session`, and let time pass with `run_to`; `figures` is what was used so far.

    Ticks, timers, regular reconnects and shipping are those of the collector; Lambda calls the handlers.
    """

    def __init__(self, folder: Path, telegram: TelegramServer, urls: Mapping[str, str], bucket: str) -> None:
        self.clock = HandClock(BEGIN, BEGIN)
        self.telegram = telegram
        self.aws = CountingAws(self.clock, {TOKEN_NAME: telegram.token})
        self.lambdas = Lambdas(self.aws, urls)
        self._folder, self._reports_url, self._bucket = folder, urls["REPORTS"], bucket
        self._readings = 0

    def start(self) -> None:
        settings = Settings()
        self.outbox = Outbox(
            self._folder / "outbox",
            settings.outbox_max_bytes,
            self.clock,
            monotonic=self.clock.monotonic,
            packs=PackRules(),
        )
        self.edge = edge = SteppedEdge(
            self.outbox,
            self.clock,
            PRINTER,
            session_policy(settings, inspection_interval=None, keeps_idle_frames=True),
            S3FrameStore(clients.make_client("s3"), self._bucket),
            SqsQueue(clients.make_client("sqs"), self._reports_url, fifo=True),
            arrived=self.lambdas.turn,
            obeys=True,
        )
        self.session, self.run_to, self.carry = edge.session, edge.run_to, edge.carry
        self.session.opened()

    def stop(self) -> None:
        self.outbox.close()

    @property
    def now(self) -> float:
        return self.clock()

    def time_of_functions(self) -> float:
        """Goes on a little at each look, as nothing that a function does takes no time."""
        self._readings += 1
        return self.now + self._readings % 100 / 100

    @property
    def figures(self) -> Figures:
        return Figures(self.aws.figures)

    def report_collector(self) -> None:
        """What the collector says of itself every five minutes."""
        self.outbox.add_report(
            NewReport(
                Report(
                    collector_id="",
                    sequence=0,
                    printer_id="collector",
                    kind=ReportKind.COLLECTOR,
                    observed_at=self.now,
                    status={
                        "version": "1.0.0",
                        "outbox": self.outbox.figures().to_json(),
                        "printers": [{"id": PRINTER, "model": "A1M", "is_online": True}],
                    },
                ),
                durable=False,
            )
        )

    def look_for_collectors(self) -> None:
        """What the schedule does every five minutes."""
        self.lambdas.call("liveness", liveness_handler.handle, {})
        self.carry()

    def ask(self, path: str, caller: str = "api", **headers: str) -> int:
        """One request of the API; the bytes of the answer."""
        answer = self.lambdas.call(caller, api_handler.handle, api_event(path, **headers))
        assert answer["statusCode"] == 200, answer["body"]
        body: str = answer["body"]
        return len(base64.b64decode(body)) if answer["isBase64Encoded"] else len(body)

    def know_printers(self, count: int) -> None:
        """So many in the table, each at another place of the same job; nothing of that is counted."""
        with self.aws.uncounted():
            records = DynamoRecordStore(clients.make_client("dynamodb"), "table", self.clock)
            known = records.get(printer_key(PRINTER))
            assert known is not None
            for number in range(2, count + 1):
                name, value = f"A1M-{number}", copy.deepcopy(known.value)
                value["printer_id"] = name
                value["status"] |= {
                    "mc_percent": number,
                    "layer_num": 3 * number,
                    "nozzle_temper": number / 7,
                }
                value["received_at"] -= number * 1.7
                value["job"] |= {"name": f"Part {number * number}", "percent": number, "layer": 3 * number}
                frame = value["frame"]
                frame["key"] = frame["key"].replace(f"/{PRINTER}", f"/{name}")
                frame["taken_at"] -= number * 1.9
                stored = records.get(printer_key(name))
                records.put(printer_key(name), value, stored.version if stored else 0)


@contextlib.contextmanager
def cloud(folder: Path) -> Iterator[Cloud]:
    """A stack in which nothing has happened yet; it reports to a group of a strict Bot API server."""
    with (
        aws_environment(),
        pytest.MonkeyPatch.context() as patch,
        TelegramServer() as telegram,
        new_containers(),
    ):
        urls = {name: f"{_URL}{name.lower()}{ending}" for name, ending in _QUEUES.items()}
        made = Cloud(folder, telegram, urls, BUCKET)
        real, known = clients.make_client, {}

        def make_client(
            service: Any, region: str | None = None, session: Any = None, *, is_awaited: bool = False
        ) -> Any:
            if service not in known:
                known[service] = real(service)
                made.aws.attach(known[service])
            return known[service]

        patch.setattr(clients, "make_client", make_client)
        patch.setattr("functions.shared.aws.bootstrap.wall_clock", made.time_of_functions)
        patch.setattr("functions.timelapse.handler.WORK_FOLDER", folder / "films")
        for name, url in urls.items():
            patch.setenv(f"{name}_QUEUE_URL", url)
            patch.setenv(f"{name}_DEAD_LETTER_URL", url.replace(name.lower(), f"{name.lower()}-dead"))
        for name, value in {
            "TABLE_NAME": "table",
            "FRAMES_BUCKET": BUCKET,
            "TELEGRAM_BOT_TOKEN_PARAMETER": TOKEN_NAME,
            "TELEGRAM_CHAT_ID": str(GROUP_ID),
            "TELEGRAM_API_URL": telegram.url,
            "OPENROUTER_API_KEY_PARAMETER": "",
            "AWS_SESSION_TOKEN": secrets.token_urlsafe(SESSION_TOKEN_BYTES)[:SESSION_TOKEN_BYTES],
        }.items():
            patch.setenv(name, value)
        made.start()
        try:
            yield made
        finally:
            made.stop()

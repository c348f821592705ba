"""`/metrics` of the embedded run: a real bridge with a simulated printer and a strict Telegram."""

import json
from pathlib import Path

import httpx
import pytest

from functions.inspection.model import Answer as ModelAnswer
from functions.inspection.prompt import Question
from functions.notify.render import Message
from functions.notify.transports import Answer, Outcome
from functions.shared.domain.keys import printer_key
from functions.shared.errors import TransientError
from infra.local.metrics import CountingModel, CountingTransport, chat_families, remembered
from infra.local.storage.database import SqliteDatabase
from infra.local.storage.records import SqliteRecordStore
from infra.local.stores import DATABASE_FILE
from infra.simulator.server import SimulatedBambui
from infra.simulator.simulated_printer import SimulatedPrinter
from tests.e2e.rig import IMAGE, bridge_over, settle, until_told
from tests.functions.chat.harness import Harness
from tests.support.metrics.exposition import Exposition, read_exposition
from tests.support.metrics.farm import PRINTING, snapshot
from tests.support.telegram.server import TelegramServer

P = "A1M-1"
NOW = 1_763_816_880.0


async def scraped(url: str, **headers: str) -> Exposition:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{url}/metrics", headers=headers)
    assert answer.status_code == 200
    return read_exposition(answer.text)


async def test_a_print_can_be_followed_in_figures(tmp_path: Path) -> None:
    printer = SimulatedPrinter(P, "A1M", image_size=IMAGE)
    with TelegramServer() as telegram:
        async with SimulatedBambui([printer]) as bambui, bridge_over(tmp_path, bambui, telegram) as bridge:
            await printer.wait_for_clients()
            await settle(printer, tmp_path / "data", gcode_state="IDLE")
            await printer.push_status(gcode_state="PREPARE", subtask_name="Hook")
            await printer.push_status(gcode_state="RUNNING", mc_percent=7, wifi_signal="-61dBm")
            await until_told(telegram, "print started")
            exposition = await scraped(bridge.base_url)
    assert exposition.value("printer_bridge_printer_info", printer=P, model="A1M") == 1
    assert exposition.value("printer_bridge_job_info", printer=P, name="Hook") == 1
    assert exposition.value("printer_bridge_job_progress_ratio", printer=P) == 0.07
    assert exposition.value("printer_bridge_printer_wifi_signal_dbm", printer=P) == -61
    assert exposition.value("printer_bridge_notifications_total", outcome="sent") == 1
    assert exposition.having("printer_bridge_dead_letters", "queue") == dict.fromkeys(
        ("reports", "notifications", "timelapses", "inspections"), 0
    )
    assert exposition.having("printer_bridge_films_total", "outcome") == {"made": 0, "failed": 0}
    assert (exposition.value("printer_bridge_shipped_total", what="reports") or 0) >= 3


async def test_a_locked_database_costs_the_queues_figures_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def locked(*_: object) -> None:
        raise TransientError("bridge.sqlite3: database is locked")

    printer = SimulatedPrinter(P, "A1M", image_size=IMAGE)
    with TelegramServer() as telegram:
        async with SimulatedBambui([printer]) as bambui, bridge_over(tmp_path, bambui, telegram) as bridge:
            await printer.wait_for_clients()
            monkeypatch.setattr("infra.local.metrics.read_queue_figures", locked)
            exposition = await scraped(bridge.base_url)
    assert "printer_bridge_queue_messages" not in exposition.labels
    assert exposition.value("printer_bridge_printer_connected", printer=P) == 1
    assert "printer_bridge_films_total" in exposition.labels
    assert caplog.text.count("metrics of the queues are left out") == 1


def records_in(folder: Path, **status: object) -> tuple[SqliteDatabase, SqliteRecordStore]:
    database = SqliteDatabase(folder / DATABASE_FILE)
    records = SqliteRecordStore(database, lambda: NOW)
    record = {
        "printer_id": P, "model": "P1S", "is_online": True, "status": status, "received_at": NOW - 60,
        "frame": {"key": "k", "taken_at": NOW - 90, "size": 10},
    }  # fmt: skip
    records.put(printer_key(P), record, 0)
    return database, records


def test_after_a_start_the_record_tells_what_the_printer_has_not_yet(tmp_path: Path) -> None:
    database, records = records_in(tmp_path, **PRINTING)
    silent = snapshot(P, None, model=None, is_online=None)
    speaking = snapshot("A1M-2", {"layer_num": 1})
    first, second = remembered([silent, speaking], records, NOW)
    assert second is speaking
    assert (first.model, first.is_online, first.status_age, first.image_age) == ("P1S", True, 60.0, 90.0)
    assert first.status_text is not None
    assert json.loads(first.status_text)["data"] == PRINTING
    unknown, refused = snapshot("A1M-3"), snapshot(P, is_refused=True)
    assert remembered([unknown, refused], records, NOW) == [unknown, refused]
    database.close()


def test_records_that_cannot_be_read_leave_the_printers_as_they_are(tmp_path: Path) -> None:
    database, records = records_in(tmp_path)
    database.close()
    printers = [snapshot(P), snapshot("A1M-2", PRINTING)]
    assert remembered(printers, records, NOW) == printers


def test_every_answer_of_a_transport_is_counted_and_passed_on() -> None:
    answers = [Answer(Outcome.SENT), Answer(Outcome.UNAVAILABLE), Answer(Outcome.SENT)]

    class Transport:
        def send_text(self, message: Message) -> Answer:
            return answers.pop(0)

        send_photo = send_film = send_text

    transport = CountingTransport(Transport())  # type: ignore[arg-type]
    message = Message.__new__(Message)
    assert [transport.send_text(message).outcome for _ in range(3)] == [
        Outcome.SENT,
        Outcome.UNAVAILABLE,
        Outcome.SENT,
    ]
    assert dict(transport.outcomes) == {Outcome.SENT: 2, Outcome.UNAVAILABLE: 1}


def test_every_look_is_counted_and_its_answer_or_fault_passed_on() -> None:
    class Model:
        def __init__(self) -> None:
            self.fault: Exception | None = None

        def ask(self, question: Question) -> ModelAnswer:
            if self.fault:
                raise self.fault
            return ModelAnswer("fine")

    inner = Model()
    model = CountingModel(inner)
    question = Question.__new__(Question)
    assert model.ask(question) == ModelAnswer("fine")
    inner.fault = TransientError("away")
    with pytest.raises(TransientError):
        model.ask(question)
    assert (model.answered, model.failed) == (1, 1)


def test_what_was_asked_in_the_chat_is_counted_by_what_came_of_it(tmp_path: Path) -> None:
    with TelegramServer() as telegram:
        harness = Harness(tmp_path, telegram, changed={"telegram_users": frozenset({4711})})
        harness.says("/help", sender={"id": 4711, "is_bot": False, "first_name": "Anna"})
        harness.says("/help", sender={"id": 12, "is_bot": False, "first_name": "Eve"})
        harness.database.close()
    (family,) = chat_families(harness.service)
    counts = {sample.labels["outcome"]: sample.value for sample in family.samples if sample.value}
    assert counts == {"answered": 1, "other_user": 1}
    (nobody_is_answered,) = chat_families(None)
    assert {sample.value for sample in nobody_is_answered.samples} == {0}

"""Both halves of the chat together: what is pressed under an alert decides how the next message comes."""

from pathlib import Path

from functions.shared.domain.faults import Severity
from functions.shared.domain.keys import printer_key
from functions.shared.messages.effects import Category, Notification
from functions.shared.messages.printer_record import record_to_json
from tests.functions.chat.harness import Harness as Chat
from tests.functions.chat.harness import running
from tests.functions.notify.harness import Harness as Alerts
from tests.functions.notify.harness import notification
from tests.support.telegram.server import TelegramServer


def told(category: Category, number: int, alerts: Alerts, severity: Severity) -> Notification:
    return notification(
        category, number, job_id="job-A1M-1", observed_at=alerts.clock(), severity=severity, percent=number
    )


def test_mute_under_an_alert_keeps_back_what_is_none_and_tells_of_it_after_an_hour(tmp_path: Path) -> None:
    with TelegramServer() as telegram:
        alerts = Alerts(tmp_path / "alerts", telegram, telegram.chat_id, rules={"chat_answers": True})
        chat = Chat(tmp_path / "chat", telegram, clock=alerts.clock)
        chat.records = alerts.records  # type: ignore[assignment]
        chat.restart()
        alerts.records.put(printer_key("A1M-1"), record_to_json(running("A1M-1")), 0)
        alerts.put(told(Category.PAUSED, 1, alerts, Severity.ATTENTION))
        alerts.run(2)
        chat.presses("🔕 Mute 1 h")
        alerts.clock.pass_time(300)
        alerts.put(told(Category.PROGRESS, 20, alerts, Severity.NOTICE))
        alerts.put(told(Category.RESUMED, 21, alerts, Severity.NOTICE))
        alerts.put(told(Category.PAUSED, 22, alerts, Severity.ATTENTION))
        alerts.run(2)
        alerts.clock.pass_time(3600)
        alerts.digests.check()
        alerts.run(2)
        shown = [(it.text.split("\n")[0], it.is_silent) for it in telegram.messages]
        assert [it for it in shown if ": " in it[0] and "A1M-1" in it[0]][-4:] == [
            ("⏸️ A1M-1: print paused", False),
            ("▶️ A1M-1: print resumed", True),
            ("⏸️ A1M-1: print paused", False),
            ("🔔 A1M-1: no longer muted", False),
        ]
        assert telegram.texts[-1].endswith("Kept back: 1 progress message")

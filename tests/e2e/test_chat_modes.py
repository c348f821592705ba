"""A print at night in its printer's topic, as one message that is edited, with a restart in it."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from functions.shared.domain.quiet_hours import QuietHours
from infra.simulator.scenarios import Job, Pause, Print, Scenario
from infra.simulator.simulated_printer import SimulatedPrinter
from tests.e2e.rig import IMAGE, bridge_over, first_line, until_told
from tests.e2e.slow_motion import patient_bambui
from tests.support.telegram.chats import ChatProfile
from tests.support.telegram.server import GROUP_ID, Posted, TelegramServer
from tests.support.timeouts import TIMEOUT

PRINT = Scenario((Print(Job("Hook"), seconds=150, pauses=(Pause(0.6, 20),)),))


def hours_around_now() -> QuietHours:
    now = datetime.fromtimestamp(time.time(), UTC)
    begin, end = now - timedelta(hours=2), now + timedelta(hours=2)
    return QuietHours(begin.time().replace(microsecond=0), end.time().replace(microsecond=0))


async def test_a_print_at_night_is_one_message_over_a_restart(tmp_path: Path) -> None:
    rights = {"status": "administrator", "can_manage_topics": True}
    modes: dict[str, Any] = {
        "quiet_hours": hours_around_now(),
        "progress_mode": "edit",
        "telegram_topics": "printer",
        "chat_answers": True,
    }
    printer = SimulatedPrinter("A1M-1", "A1M", PRINT, image_size=IMAGE, waits_for_client=True)
    with TelegramServer(chats={GROUP_ID: frozenset()}) as telegram:
        telegram.profiles[GROUP_ID] = ChatProfile(is_forum=True, member=rights)
        async with patient_bambui([printer], tmp_path / "data") as bambui:
            async with bridge_over(tmp_path, bambui, telegram, **modes):
                await until_told(telegram, ": printing")
            async with bridge_over(tmp_path, bambui, telegram, **modes):
                await until_told(telegram, "print paused")

                def shows_the_result(messages: list[Posted]) -> bool:
                    return any(it.edits and "print finished" in first_line(it) for it in messages)

                await asyncio.to_thread(telegram.wait_for, shows_the_result, TIMEOUT)
        told = [message for message in telegram.messages if message.video_size is None]
        (shown,) = [message for message in told if message.edits]
        ends = [message for message in told if "print finished" in first_line(message)]
        assert len(ends) == 2
        assert [message.reply_to for message in ends if message is not shown] == [shown.id]
        assert not any(": printing" in first_line(message) for message in told)
        assert {message.thread_id for message in told} == set(telegram.forum.names)
        assert telegram.calls_of["createForumTopic"] == 1
        assert {first_line(message) for message in told if not message.is_silent} <= {"⏸️ A1M-1: print paused"}
        assert telegram.refusals == []

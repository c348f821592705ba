"""Buttons under messages: what each carries, and that they are there only if the chat is answered."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.notify.buttons import buttons_of
from functions.shared.domain.faults import Severity
from functions.shared.domain.keys import effect_id, token_of
from functions.shared.messages.callback_data import Action, CallbackData, decode_callback
from functions.shared.messages.effects import Category, Notification
from tests.functions.notify.harness import PRINTER, Harness, notification
from tests.support.telegram.server import TelegramServer

LABELS: dict[str, tuple[Category, dict[str, Any], list[list[str]]]] = {
    "an alert": (Category.PAUSED, {}, [["📷 Photo", "🔕 Mute 1 h"]]),
    "an end": (Category.FINISHED, {}, [["🎬 Film", "📷 Photo"]]),
    "an end by silence": (Category.CONTACT_LOST, {"ended": True}, [["🎬 Film", "📷 Photo"]]),
    "silence": (Category.CONTACT_LOST, {}, [["📷 Photo", "🔕 Mute 1 h"]]),
    "a start": (Category.STARTED, {}, []),
    "progress": (Category.PROGRESS, {}, []),
    "the collector": (Category.COLLECTOR_LOST, {}, []),
}


@pytest.mark.parametrize("name", LABELS)
def test_what_can_be_pressed_under_a_message(name: str) -> None:
    category, said, labels = LABELS[name]
    rows = buttons_of(notification(category, job_id="job-1", **said))
    assert [[text for text, _ in row] for row in rows] == labels


def test_a_possible_defect_can_be_said_to_look_fine() -> None:
    told = Notification(
        effect_id("c0-1/inspection", "defect", "severe_stringing"),
        Category.DEFECT,
        PRINTER,
        1.0,
        job_id="job-1",
    )
    (_, ((text, data),)) = buttons_of(told)
    assert text == "👍 Looks fine"
    expected = CallbackData(Action.LOOKS_FINE, token_of(PRINTER), token_of("job-1"), "severe_stringing")
    assert decode_callback(data) == expected


@given(
    told=st.builds(
        Notification,
        id=st.text(min_size=1, max_size=80),
        category=st.sampled_from(Category),
        printer_id=st.text(min_size=1, max_size=300),
        observed_at=st.just(1.0),
        job_id=st.none() | st.text(min_size=1, max_size=300),
        ended=st.booleans(),
    )
)
def test_whatever_the_names_a_button_can_carry_it(told: Notification) -> None:
    for row in buttons_of(told):
        for _, data in row:
            assert len(data.encode()) <= 64
            found = decode_callback(data)
            assert found is not None
            assert found.printer == token_of(told.printer_id)


def test_they_are_sent_with_texts_and_photos_if_the_chat_is_answered(
    tmp_path: Path, telegram: TelegramServer
) -> None:
    harness = Harness(tmp_path, telegram, telegram.chat_id, rules={"chat_answers": True})
    alert = {"job_id": "job-1", "severity": Severity.ATTENTION}
    harness.put(notification(Category.PAUSED, 1, **alert))
    harness.put(notification(Category.PAUSED, 2, **alert, frame=harness.frame()))
    harness.put(notification(Category.STARTED, 3, job_id="job-1"))
    harness.run(2)
    assert [[text for row in it.buttons for text, _ in row] for it in telegram.messages] == [
        ["📷 Photo", "🔕 Mute 1 h"],
        ["📷 Photo", "🔕 Mute 1 h"],
        [],
    ]

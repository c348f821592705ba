"""The pure core: whatever is asked of whatever is known, there is an answer, and it fits Telegram."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.chat.answers import answer_command, answer_press
from functions.chat.commands import Request, Word, matching, request_of, seconds_of
from functions.chat.parts import MOST_PARTS, parts_of
from functions.chat.past_jobs import newest_first
from functions.chat.response import Known
from functions.chat.standing import Standing, standing_of
from functions.chat.updates import read_update
from functions.shared.domain.keys import token_of
from functions.shared.messages.callback_data import Action, CallbackData, decode_callback
from functions.shared.messages.chat_preferences import ChatPreferences
from functions.shared.messages.inspection_record import InspectionState
from functions.shared.messages.printer_record import PrinterRecord
from functions.shared.printer_now import PrinterNow, printer_now
from functions.shared.read_model import ListedPrinter, PrinterData
from functions.shared.telegram.markup import TEXT_LIMIT, Span, to_html, to_plain, utf16_length
from tests.functions.chat.harness import BERLIN, NOW, resting, running
from tests.functions.shared.messages.test_report import any_json, any_text
from tests.support.telegram.entities import live_entities
from tests.support.telegram.markup import read_marked

words = st.sampled_from(list(Word))
names = st.one_of(
    st.sampled_from(["A1M-1", "P1S", "X1 Carbon", "Ü/../<b>", "@all /stop http://x.de"]), any_text
)
states = st.sampled_from(["RUNNING", "PAUSE", "FINISH", "FAILED", "IDLE", "PREPARE", "WAT", ""])


def now_of(record: PrinterRecord) -> PrinterNow:
    listed = ListedPrinter(record.printer_id, record.model, record.is_online, record.status is not None)
    data = PrinterData(record.printer_id, None, record, InspectionState(), None, listed)
    return printer_now(data, NOW)


def known(*records: PrinterRecord) -> Known:
    printers = tuple(now_of(record) for record in records)
    return Known(NOW, BERLIN, printers, jobs=tuple(newest_first(records)))


@st.composite
def anything_known(draw: st.DrawFn) -> Known:
    records = []
    for name in draw(st.lists(names.filter(bool), max_size=6, unique=True)):
        status: dict[str, Any] = {
            "gcode_state": draw(states),
            "subtask_name": draw(any_text),
            "mc_percent": draw(st.integers(-5, 105)),
            "mc_remaining_time": draw(st.one_of(st.none(), st.integers(0, 100_000))),
            "print_error": draw(st.sampled_from([0, 0x0300_8015, 0x0700_4005, 0x7FFF_FFFF])),
        }
        record = running(name, **status) if draw(st.booleans()) else resting(name, draw(any_text) or "x")
        records.append(replace(record, silent_since=draw(st.sampled_from([None, NOW - 600]))))
    return known(*records)


@settings(max_examples=150, deadline=None)
@given(words, any_text, anything_known())
def test_every_command_has_an_answer_that_fits_and_does_nothing_by_itself(
    word: Word, argument: str, given_known: Known
) -> None:
    request = request_of(word, argument)
    assert request is not None
    response = answer_command(request, given_known)
    assert response.blocks or response.photo_of or response.film_of
    for part in parts_of(response.blocks):
        html = to_html(part)
        text, marked = read_marked(html)
        assert 0 < utf16_length(text.strip()) <= TEXT_LIMIT
        own = {f"bot_command: /{it}" for it in Word}
        assert set(live_entities(text, marked)) <= own, "what is pressed asks us, and nobody else"
        assert to_plain(part)
    buttons = [button for row in response.buttons for button in row]
    assert all(decode_callback(button.data) is not None and button.text.strip() for button in buttons)
    if response.change is not None:
        changed = response.change(ChatPreferences())
        assert response.change(changed) == changed, "what is written twice is the same"


@settings(max_examples=100, deadline=None)
@given(
    st.builds(
        CallbackData,
        st.sampled_from(list(Action)),
        st.sampled_from(["", token_of("P1S"), token_of("gone")]),
        st.just(token_of("job-P1S")),
        st.just("spaghetti"),
        st.sampled_from([*Word, "fly"]),
        st.sampled_from([0, 60]),
    )
)
def test_every_press_has_an_answer(data: CallbackData) -> None:
    response = answer_press(data, known(running("P1S"), resting("A1")))
    assert response.blocks or response.photo_of or response.film_of or response.toast


@given(any_json)
def test_whatever_telegram_gives_is_read_or_passed_over(junk: object) -> None:
    for kind in ("message", "callback_query", "my_chat_member"):
        assert read_update({"update_id": 1, kind: junk}) is None
        read_update({"update_id": 1, kind: {"chat": junk, "from": junk, "text": junk, "date": junk}})
    assert read_update({"update_id": junk}) is None


def test_fifty_printers_are_a_few_messages_the_troubled_ones_first() -> None:
    records = [running(f"Farm printer {number:02}", percent=number) for number in range(48)]
    troubled = [running("Z9", gcode_state="PAUSE"), resting("Y8", "failed", "FAILED")]
    response = answer_command(Request(Word.STATUS), known(*records, *troubled))
    parts = [to_plain(part) for part in parts_of(response.blocks)]
    assert len(parts) <= 2
    assert parts[0].splitlines()[0] == "50 printers, 2 need you, 49 printing"
    assert [line.split(":")[0] for line in parts[0].splitlines()[1:3]] == ["❌ Y8", "⏸️ Z9"]
    assert sum(part.count("🖨") for part in parts) == 48


@pytest.mark.parametrize(
    ("stage", "shown"), [(0, "printing"), (2, "printing (heating the bed)"), (255, "printing")]
)
def test_a_stage_is_said_where_it_says_more(stage: int, shown: str) -> None:
    (block,) = answer_command(Request(Word.STATUS), known(running("P1S", stg_cur=stage))).blocks
    assert to_plain([block[0]]) == f"🖨 P1S: {shown}"


@given(st.lists(st.integers(1, 40), max_size=60))
def test_messages_are_cut_between_printers(lengths: list[int]) -> None:
    blocks = [((Span("x" * length * 20, "b"),),) for length in lengths]
    parts = parts_of(blocks)
    assert len(parts) <= MOST_PARTS
    if len(parts) < MOST_PARTS:
        assert [line for part in parts for line in part if line] == [
            line for block in blocks for line in block
        ]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("P1S", ["P1S"]),
        ("p1s", ["P1S"]),
        ("p1", ["P1S", "P1P-2"]),
        ("p1 p", ["P1P-2"]),
        ("keller", ["X1 Käller", "Keller A1"][1:]),
        ("kaller", ["X1 Käller"]),
        ("a1 keller", ["Keller A1"]),
        ("q", []),
        ("/", []),
    ],
)
def test_a_printer_is_found_by_what_is_clear(typed: str, meant: list[str]) -> None:
    assert matching(typed, ["P1S", "P1P-2", "X1 Käller", "Keller A1"]) == meant


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2h", 7200), ("90", 5400), ("1h30m", 5400), ("1d", 86_400), ("30 min", 1800), ("0", None),
     ("31d", None), ("h", None), ("P1S", None)],
)  # fmt: skip
def test_spans(text: str, seconds: int | None) -> None:
    assert seconds_of(text) == seconds


def test_a_number_behind_a_name_is_a_part_of_it_and_alone_it_is_a_span() -> None:
    assert request_of("mute", "Printer 2") == Request(Word.MUTE, "Printer 2", None, "Printer 2")
    assert request_of("mute", "Printer 2 90m") == Request(Word.MUTE, "Printer 2", 5400, "Printer 2 90m")
    assert request_of("mute", "30") == Request(Word.MUTE, "", 1800, "30")


@pytest.mark.parametrize(
    ("record", "standing"),
    [
        (running("P1S"), Standing.BUSY),
        (running("P1S", gcode_state="PAUSE"), Standing.TROUBLE),
        (replace(running("P1S"), silent_since=NOW - 60), Standing.TROUBLE),
        (running("P1S", print_error=0x0300_8015), Standing.TROUBLE),
        (resting("P1S"), Standing.AT_REST),
        (resting("P1S", "failed", "FAILED"), Standing.TROUBLE),
        (replace(resting("P1S"), silent_since=NOW - 6000), Standing.AWAY),
        (PrinterRecord("P1S", is_online=False), Standing.AWAY),
    ],
)
def test_how_a_printer_stands(record: PrinterRecord, standing: Standing) -> None:
    assert standing_of(now_of(record)) is standing

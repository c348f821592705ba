"""What is mutated: BambUI's recorded messages, generated prints, and the reports that a real session makes
of them."""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from collector.printer.policy import SessionPolicy
from collector.printer.reporting import ReportRules
from collector.printer.watchdog import WatchdogRules
from functions.shared.messages.report import Report, ReportKind, encode_report
from tests.reliability.fuzz.checking_writer import CheckingWriter
from tests.support.clock import HandClock
from tests.support.recordings import RECORDINGS, load_recording
from tests.support.stepped_edge import stepped_session

RULES = SessionPolicy(
    WatchdogRules(image_timeout=60, forced_interval=300, status_timeout=30),
    ReportRules(photo_interval=600, inspection_interval=600, idle_frame_interval=300),
    film_budget=1350,
)
GENERATED = ("generated_a", "generated_b")
_STATES = {
    "generated_a": "IDLE PREPARE RUNNING RUNNING RUNNING PAUSE RUNNING RUNNING FINISH FINISH".split(),  # noqa: SIM905
    "generated_b": "FINISH PREPARE RUNNING RUNNING PAUSE PAUSE FAILED IDLE RUNNING FAILED".split(),  # noqa: SIM905
}


def compact(message: object) -> str:
    """JSON as BambUI writes it."""
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False)


@cache
def messages(name: str) -> tuple[str, ...]:
    """The messages of a recording or of a generated print, in order."""
    if name in GENERATED:
        return tuple(_generated(name))
    return tuple(compact(message) for _, message in load_recording(name) if "type" in message)


def _generated(name: str) -> Iterator[str]:
    """Ten stretches of a print of 200 messages; small statuses, as after a start of BambUI."""
    image = json.loads(next(text for text in messages(RECORDINGS[0]) if "jpeg_image" in text))
    for number in range(200):
        state = _STATES[name][number // 20]
        data = {
            "gcode_state": state,
            "subtask_name": f"part {number // 40}.3mf",
            "task_id": str(number // 100),
            "mc_percent": number // 2,
            "layer_num": number,
            "total_layer_num": 200,
            "mc_remaining_time": 200 - number,
            "stg_cur": 0 if state == "RUNNING" else 4,
            "print_error": 50364437 if state == "PAUSE" else 50348044 if state == "FAILED" else 0,
            "hms": [{"attr": 0x03001A00, "code": 0x00020002}] if number % 50 > 40 else [],
        }
        yield compact({"type": "printer_status", "data": data})
        if number % 3 == 0:
            yield compact(image)
        if number % 70 == 69:
            yield compact({"type": "error", "message": "Printer Offline"})


ALL = (*RECORDINGS, *GENERATED)


@cache
def reports(name: str) -> tuple[str, ...]:
    """The reports that a session makes of those messages, as shipped, with silences and presence between."""
    clock = HandClock()
    writer = CheckingWriter("a1mini", is_keeping=True)
    policy = replace(RULES, report=replace(RULES.report, active_interval=10.0))
    session = stepped_session(clock, "a1mini", policy, writer)
    session.model, session.is_online = "A1M", True
    session.opened()
    for number, message in enumerate(messages(name)):
        clock.pass_time(40.0 if number % 97 == 96 else 2.0)
        session.tick()
        session.received(message)
    made = writer.kept
    presence = Report("c1", 0, "a1mini", ReportKind.PRESENCE, clock(), model="A1M", is_online=False)
    own = Report("c1", 0, "collector", ReportKind.COLLECTOR, clock(), status={"version": "1", "printers": []})
    several = [
        *made[: len(made) // 2],
        presence,
        replace(presence, is_online=True),
        own,
        *made[len(made) // 2 :],
    ]
    return tuple(encode_report(report) for report in several)

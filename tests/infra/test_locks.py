"""The locks name what is installed, to the hash of each file, and the collector runs with its own alone."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.timeouts import TIMEOUT

ROOT = Path(__file__).parents[2]
HERE = ROOT / "infra" / "locks"
LOCKS = sorted(
    [
        *HERE.glob("*.txt"),
        *ROOT.glob("functions/*/requirements.lock"),
        *ROOT.glob("infra/layers/*/requirements.lock"),
    ]
)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
NOT_FOR_THE_COLLECTOR = {"fastapi", "uvicorn", "openai", "pillow", "imageio-ffmpeg", "requests", "pydantic"}
MACHINES = ("x86_64", "aarch64", "armv7l", "armv6l")
NO_WHEELS_ON_32_BIT = {"msgspec", "uvloop", "pydantic-core", "jiter", "pillow"}


def locked(lock: Path) -> dict[str, Requirement]:
    """Each requirement, without its hashes."""
    lines = re.sub(r" \\\n", "", lock.read_text(encoding="utf-8")).splitlines()
    found = [Requirement(line.partition(" --hash")[0]) for line in lines if line and line[0] != "#"]
    return {canonicalize_name(it.name): it for it in found}


def names(requirements: list[object]) -> list[Requirement]:
    return [Requirement(text) for text in requirements if isinstance(text, str)]


def of_requirements(file: Path) -> list[Requirement]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and line[0] != "#"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_each_is_exact_and_names_no_host(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert not re.search(r"://|--index|--find-links|--trusted", text)
    for line in re.sub(r" \\\n", "", text).splitlines():
        if line and line[0] != "#":
            assert re.match(r"[\w.-]+==[\w.!+]+ ", line), line
            assert re.search(r" --hash=sha256:[0-9a-f]{64}", line), line


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_what_the_suite_is_run_with_is_what_is_installed(lock: Path) -> None:
    whole = locked(HERE / "dev.txt")
    for name, requirement in locked(lock).items():
        if lock.parent.parent != ROOT / "functions" or name in whole:
            assert requirement.specifier == whole[name].specifier, name


def test_each_has_what_it_is_made_of() -> None:
    """Who adds a dependency is told to run `make lock LOCK=--keep`."""
    project = PROJECT["project"]
    extras = [
        *names(project["optional-dependencies"]["dev"]),
        *names(project["optional-dependencies"]["aws"]),
    ]
    asked = {
        HERE / "run.txt": names(project["dependencies"]),
        HERE / "dev.txt": [
            *names(project["dependencies"]),
            *(it for it in extras if it.name != project["name"]),
        ],
        HERE / "build.txt": names(PROJECT["build-system"]["requires"]),
        HERE / "collector.txt": names(PROJECT["dependency-groups"]["collector"]),
        HERE / "collector-32-bit.txt": names(PROJECT["dependency-groups"]["collector-32-bit"]),
    }
    for lock in LOCKS:
        if lock.suffix == ".lock":
            asked[lock] = of_requirements(lock.with_suffix(".txt"))
    assert asked.keys() == set(LOCKS)
    for lock, requirements in asked.items():
        there = locked(lock)
        for requirement in requirements:
            (exact,) = there[canonicalize_name(requirement.name)].specifier
            assert requirement.specifier.contains(exact.version), (lock, requirement)


@pytest.mark.parametrize("lock", ["collector.txt", "collector-32-bit.txt"])
def test_the_collector_alone_needs_little(lock: str) -> None:
    found = locked(HERE / lock)
    assert not found.keys() & NOT_FOR_THE_COLLECTOR
    assert {"websockets", "boto3"} <= found.keys()
    if lock == "collector.txt":
        assert {"msgspec", "uvloop", "pybase64"} <= found.keys()  # what makes it cheap
    else:
        assert not found.keys() & NO_WHEELS_ON_32_BIT


@pytest.mark.parametrize("machine", MACHINES)
def test_pybase64_is_left_out_where_there_is_no_wheel(machine: str) -> None:
    marker = locked(HERE / "collector-32-bit.txt")["pybase64"].marker
    assert isinstance(marker, Marker)
    assert marker.evaluate({"platform_machine": machine}) is (machine != "armv6l")


# A program of ours in a process that finds no libraries but those of a lock.
_WITH_A_LOCK = """
import re, runpy, sys
from importlib.metadata import packages_distributions
from pathlib import Path

lock, module = sys.argv[1:3]
words = re.findall(r"^([\\w.-]+)==", Path(lock).read_text(), re.M)
named = {re.sub("[-_.]+", "-", it).lower() for it in words}
owners = packages_distributions()
hidden = {
    top for top, owned in owners.items()
    if not any(re.sub("[-_.]+", "-", it).lower() in named for it in owned)
} - {"collector", "functions", "infra"}

class Hides:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hides())
sys.argv = [module, *sys.argv[3:]]
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""
EDGE = {
    "PRINTERS_API_URL": "http://127.0.0.1:9/api/printers",
    "WS_URL_TEMPLATE": "ws://127.0.0.1:9/{printer_id}",
    "REPORTS_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/reports.fifo",
    "FRAMES_BUCKET": "frames",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_MAX_ATTEMPTS": "1",
}


def with_a_lock(lock: str, folder: Path, *words: str, **settings: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", _WITH_A_LOCK, str(HERE / lock), *words],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "DATA_DIR": str(folder / "data"),
            **settings,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("lock", ["collector.txt", "collector-32-bit.txt"])
def test_the_collector_runs_with_its_lock_alone(lock: str, tmp_path: Path) -> None:
    with with_a_lock(lock, tmp_path, "collector", **EDGE) as program:
        assert program.stderr is not None
        said = []
        try:
            for line in program.stderr:  # it has tried the far side, so all of it was loaded
                said.append(line)
                if "reports cannot be delivered" in line:
                    break
        finally:
            program.terminate()
        assert program.wait(TIMEOUT) == 0
    assert "AWS cannot be reached" in said[-1]


def test_the_doctor_runs_with_the_collector_alone_and_the_bridge_says_what_is_missing(tmp_path: Path) -> None:
    with with_a_lock(
        "collector-32-bit.txt", tmp_path, "infra.local", "doctor", "--json", "--seconds", "1", **EDGE
    ) as doctor:
        out, err = doctor.communicate(timeout=TIMEOUT)
    assert (doctor.returncode, err) == (1, "")
    assert not [it for it in json.loads(out)["findings"] if "broke off" in it["found"]]
    with with_a_lock("collector-32-bit.txt", tmp_path, "infra.local", PORT="0", SIMULATE="1") as bridge:
        out, err = bridge.communicate(timeout=TIMEOUT)
    assert bridge.returncode == 1
    assert "install.sh bridge" in err
    assert "Traceback" not in err

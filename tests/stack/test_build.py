"""What `sam build` makes: for arm64 and Python 3.13 on whatever machine this is, and nothing too much."""

import email
import fcntl
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.performance.benchmarks.deployed_function import build as build_for_this_machine
from tests.stack.cloud_template import ROOT
from tests.stack.wheels import fetched
from tests.support.timeouts import TIMEOUT

FUNCTIONS = ("tracker", "notify", "inspection", "timelapse", "liveness", "chat", "api")
SAM = Path(sys.executable).parent / "sam"
AARCH64 = 183  # e_machine of an ELF header
ARM64_LAMBDA = {
    "python_version": "3.13",
    "python_full_version": "3.13.0",
    "platform_machine": "aarch64",
    "platform_system": "Linux",
    "sys_platform": "linux",
    "os_name": "posix",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "extra": "",
}
MEGABYTES = {
    "tracker": 6,
    "liveness": 6,
    "timelapse": 6,
    "notify": 12,
    "chat": 12,
    "inspection": 60,
    "api": 45,
}
LAYER_MEGABYTES = 60
FORBIDDEN = {"moto", "boto3", "botocore", "pytest", "hypothesis", "imageio_ffmpeg", "numpy", "uvicorn"}
BELONGS_TO = {
    "fastapi": {"api"},
    "starlette": {"api"},
    "mangum": {"api"},
    "pydantic": {"api", "inspection"},
    "pydantic_core": {"api", "inspection"},
    "openai": {"inspection"},
    "PIL": {"api", "inspection"},
    "requests": {"notify", "chat"},
}


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of artifacts, built once for all processes of this test run."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "cloud-build"
    shared.mkdir(exist_ok=True)
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "done").exists():
            _build(shared)
            (shared / "done").touch()
    return shared / "artifacts"


def _build(folder: Path) -> None:
    environment = fetched(folder / "wheels", {})
    command = [
        str(SAM),
        "build",
        "--build-dir",
        str(folder / "artifacts"),
        "--cache-dir",
        str(folder / "cache"),
    ]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT)
    assert done.returncode == 0, done.stdout + done.stderr


def artifact(built: Path, name: str) -> Path:
    return built / f"{name.capitalize()}Function"


def machine_of(program: Path) -> int | None:
    """The processor that a program or library is for; None if it is neither."""
    with program.open("rb") as file:
        head = file.read(20)
    if head[:4] != b"\x7fELF":
        return None
    machine: int = struct.unpack("<H", head[18:20])[0]
    return machine


def megabytes(folder: Path) -> float:
    """Of what is written; compiled it is once more as much at the most."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return sum(path.stat().st_size for path in files) / 1e6


def compiled_for(folder: Path) -> set[str]:
    """The versions of Python that modules are compiled for: of all modules, or of none."""
    compiled = [path for path in folder.rglob("*.pyc") if path.parent.name == "__pycache__"]
    assert len(compiled) in (0, len(list(folder.rglob("*.py"))))
    return {path.suffixes[-2].removeprefix(".") for path in compiled}


def test_modules_come_compiled_and_are_not_compared_with_their_sources(tmp_path: Path) -> None:
    """Lambda would compile them at every start. Its own Python has to do it: here this one stands for it."""
    task = build_for_this_machine("liveness", tmp_path)
    assert compiled_for(task) == {sys.implementation.cache_tag}
    path = next((task / "functions" / "liveness" / "__pycache__").glob("service.*.pyc"))
    content = path.read_bytes()
    flags = int.from_bytes(content[4:8], "little")
    assert flags == 0b01  # a hash, unchecked (PEP 552): unpacking gives the files other times
    assert b"/var/task/functions/liveness/service.py" in content
    assert str(tmp_path).encode() not in content


def test_the_machine_of_a_program_is_read(tmp_path: Path) -> None:
    x86 = tmp_path / "x86"
    x86.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 3, 62))
    assert machine_of(x86) == 62
    assert machine_of(Path(__file__)) is None


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_artifact_has_its_own_function_and_what_is_shared_and_no_other(built: Path, name: str) -> None:
    functions = artifact(built, name) / "functions"
    folders = {path.name for path in functions.iterdir() if path.is_dir()} - {"__pycache__"}
    assert folders == {"shared", name}
    for part in ("shared", name):
        files = (path for path in (functions / part).rglob("*") if path.is_file() and path.suffix != ".pyc")
        there = {path.relative_to(functions) for path in files}
        written = (ROOT / "functions" / part).rglob("*")
        here = {path.relative_to(ROOT / "functions") for path in written if path.is_file()}
        lists = {"requirements.txt", "requirements.lock"}
        kept = {path for path in here if "__pycache__" not in path.parts and path.name not in lists}
        assert there == kept
    assert (functions / name / "handler.py").exists()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_artifact_has_the_libraries_it_needs_and_no_others(built: Path, name: str) -> None:
    found = {path.name for path in artifact(built, name).iterdir()}
    assert not found & FORBIDDEN
    assert "aws_lambda_powertools" in found
    for library, functions in BELONGS_TO.items():
        assert (library in found) is (name in functions), library
    assert "tests" not in found
    assert "bin" not in found
    assert compiled_for(artifact(built, name)) in (
        set(),
        {"cpython-313"},
    )  # by the target's Python, if it is here


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_the_libraries_need_on_the_target_is_there(built: Path, name: str) -> None:
    """pip reads conditions on the Python version by the Python it runs on, not by that of the target."""
    needed, there = set(), set()
    for text in (ROOT / "functions" / name / "requirements.txt").read_text(encoding="utf-8").splitlines():
        needed.add(canonicalize_name(Requirement(text).name))
    for metadata in artifact(built, name).glob("*.dist-info/METADATA"):
        about = email.message_from_string(metadata.read_text(encoding="utf-8"))
        there.add(canonicalize_name(about["Name"]))
        for text in about.get_all("Requires-Dist", []):
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate(ARM64_LAMBDA):
                needed.add(canonicalize_name(requirement.name))
    assert needed <= there


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_library_is_for_the_target(built: Path, name: str) -> None:
    libraries = [path for path in artifact(built, name).rglob("*") if re.search(r"\.so(\.|$)", path.name)]
    assert [str(path) for path in libraries if machine_of(path) != AARCH64] == []
    for path in libraries:
        if ".cpython-" in path.name:
            assert ".cpython-313-" in path.name
    assert bool(libraries) is (name in ("notify", "chat", "inspection", "api"))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_artifact_stays_small(built: Path, name: str) -> None:
    assert megabytes(artifact(built, name)) <= MEGABYTES[name]


def test_ffmpeg_is_a_static_program_for_the_target(built: Path) -> None:
    layer = built / "FfmpegLayer"
    program = layer / "bin" / "ffmpeg"
    assert machine_of(program) == AARCH64
    assert os.access(program, os.X_OK)
    assert b"ld-linux-aarch64.so" not in program.read_bytes(), "it would need a loader"
    assert megabytes(layer) <= LAYER_MEGABYTES
    assert "GNU General Public License" in (layer / "README.md").read_text(encoding="utf-8").replace(
        "\n", " "
    )

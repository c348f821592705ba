"""ffmpeg is tried as the bridge uses it."""

from pathlib import Path

import pytest

from infra.local.doctor.ffmpeg_check import evaluate_program, run
from infra.local.doctor.findings import Finding
from tests.infra.local.doctor.examined import FAULT, FINE, found_by


def look(setting: str) -> dict[str, Finding]:
    return found_by(run, {"FFMPEG": setting})


def script(folder: Path, text: str) -> str:
    file = folder / "ffmpeg"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return str(file)


def test_the_one_that_is_installed_along_makes_a_film() -> None:
    found = look("")
    assert {it.outcome for it in found.values()} == {FINE}
    assert "libx264" in found["program"].found
    assert found["film of two frames"].found == "made, 320x240"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("echo hello", "is not ffmpeg"),
        ('[ "$2" = -version ] && echo "ffmpeg version 6.1 Copyright" || echo "V..... mpeg4"', "no libx264"),
        (
            'case "$2" in -version) echo "ffmpeg version 6.1";; -encoders) echo libx264;; *) exit 1;; esac',
            "ended with code 1",
        ),
    ],
    ids=["something else", "without libx264", "broken"],
)
def test_one_that_cannot_do_it(tmp_path: Path, said: str, words: str) -> None:
    found = look(script(tmp_path, said))
    faults = [it for it in found.values() if it.outcome is FAULT]
    assert len(faults) == 1
    assert words in faults[0].found
    assert "FFMPEG" in faults[0].advice


def test_one_that_is_not_there_or_no_program(tmp_path: Path) -> None:
    assert "FFMPEG" in look("/no/such/ffmpeg")["program"].found
    broken = tmp_path / "ffmpeg"
    broken.write_bytes(b"\x7fELF nothing")
    broken.chmod(0o755)
    assert "cannot be run" in look(str(broken))["program"].found


def test_the_version_is_shown() -> None:
    finding = evaluate_program("/usr/bin/ffmpeg", "ffmpeg version 6.1.1-3 Copyright", "V..... libx264")
    assert finding.found == "6.1.1-3 with libx264 (/usr/bin/ffmpeg)"

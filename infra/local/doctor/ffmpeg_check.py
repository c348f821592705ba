"""ffmpeg: found, its version, libx264 in it, and a film of two frames made as the bridge makes films."""

import re
import subprocess
import tempfile
from io import BytesIO
from pathlib import Path

from functions.shared.errors import BridgeError
from functions.timelapse.errors import FfmpegMissingError
from functions.timelapse.ffmpeg import Timeouts, find_ffmpeg, run_briefly
from functions.timelapse.film import EncodeJob, make_film
from functions.timelapse.plan import FilmSpec
from infra.local.doctor.check import Check, CheckResult, Setup
from infra.local.doctor.findings import Finding, Outcome, fault, fine

_SECONDS = 15.0
_FILM_SECONDS = 20.0
_FILM = "film of two frames"
_PACKAGE = "imageio_ffmpeg"
_VERSION = re.compile(r"ffmpeg version (\S+)")
_ADVICE = (
    "Leave FFMPEG empty to use the one that is installed along (`pip install imageio-ffmpeg==0.7.0`), or "
    "install ffmpeg with libx264 and name it in FFMPEG."
)


def run(setup: Setup) -> CheckResult:
    try:
        program = find_ffmpeg(setup.settings.ffmpeg)
    except FfmpegMissingError as error:
        found, _, advice = str(error).partition(":")
        return CheckResult([fault("program", found.strip(), advice.strip().capitalize())])
    try:
        finding = evaluate_program(program, _said(program, "-version"), _said(program, "-encoders"))
    except (OSError, subprocess.TimeoutExpired) as error:
        words = getattr(error, "strerror", None) or "it does not end"
        finding = fault("program", f"{program} cannot be run ({words})", _ADVICE)
    return CheckResult([finding, _make_film(program)] if finding.outcome is Outcome.FINE else [finding])


CHECK = Check("ffmpeg", ("FFMPEG",), run, 90, applies=lambda setup: not setup.is_cloud)


def evaluate_program(program: str, version: str, encoders: str) -> Finding:
    """From what `-version` and `-encoders` say. Pure."""
    found = _VERSION.match(version)
    if found is None:
        return fault("program", f"{program} is not ffmpeg", _ADVICE)
    if "libx264" not in encoders:
        return fault("program", f"{found[1]} ({program}) has no libx264: it cannot make films", _ADVICE)
    where = "installed along" if _PACKAGE in program else program
    return fine("program", f"{found[1]} with libx264 ({where})")


def _said(program: str, question: str) -> str:
    out, _ = run_briefly([program, "-hide_banner", question], b"", _SECONDS)
    if not out and question == "-version":
        out, _ = run_briefly([program, question], b"", _SECONDS)
    return out.decode("utf-8", "replace")


def _make_film(program: str) -> Finding:
    try:
        with tempfile.TemporaryDirectory(prefix="doctor-") as folder:
            film = make_film(
                EncodeJob(
                    ffmpeg=program,
                    keys=["0", "1"],
                    fetch=_frame,
                    spec=FilmSpec(target_seconds=1, fps_cap=2, max_width=320, max_bytes=10_000_000),
                    output=Path(folder) / "film.mp4",
                    timeouts=Timeouts(_FILM_SECONDS, _FILM_SECONDS),
                )
            )
    except BridgeError as error:
        return fault(_FILM, f"{error}", _ADVICE)
    except OSError as error:
        found = f"no room for temporary files ({error.strerror})"
        return fault(_FILM, found, "Make room in the folder for temporary files (TMPDIR).")
    return fine(_FILM, f"made, {film.width}x{film.height}")


def _frame(key: str) -> bytes:
    from PIL import Image

    output = BytesIO()
    Image.new("RGB", (320, 240), (40, 90, 200) if key == "0" else (200, 90, 40)).save(output, "JPEG")
    return output.getvalue()

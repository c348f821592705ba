"""Finds the ffmpeg to use."""

import shutil

from functions.timelapse.film_errors import FfmpegMissingError


def find_ffmpeg(setting: str = "") -> str:
    """Path of ffmpeg: the setting's if there is one, else the installed package's, else the system's.

    Raises FfmpegMissingError, which says what to do.
    """
    if setting:
        found = shutil.which(setting)
        if found is None:
            raise FfmpegMissingError(
                f"FFMPEG is {setting!r}, and there is no such program: correct it, or leave it empty "
                "to use the ffmpeg that is installed along"
            )
        return found
    found = _packaged() or shutil.which("ffmpeg")
    if found is None:
        raise FfmpegMissingError(
            "ffmpeg is not installed: run `pip install imageio-ffmpeg==0.7.0`, "
            "or install ffmpeg and name it in FFMPEG"
        )
    return found


def _packaged() -> str | None:
    try:
        from imageio_ffmpeg import get_ffmpeg_exe  # type: ignore[import-untyped]
    except ImportError:
        return None
    try:
        return shutil.which(str(get_ffmpeg_exe()))
    except RuntimeError:  # the package came without a program for this machine
        return None

"""How a film is encoded: pixels and bits that keep it under its limit, and ffmpeg's command lines. Pure.

Measured: x264 with `-maxrate` and a buffer lands within 2 % of rate x duration when the cap binds, and
overshoots only below about 0.005 bits per pixel. Preset by measurement (1280x720, noisy frames like a
printer's camera, ffmpeg 7.0.2): `ultrafast` at crf 27 with deblocking has the SSIM and VMAF of `veryfast`
at crf 28 or better at less than half its CPU time; its file is about twice as large, which the rate cap
bounds. `tests/performance/benchmarks` repeats that.
"""

import math
from pathlib import Path

from functions.shared.domain.limits import THUMBNAIL_SIDE
from functions.shared.value_class import dataclass
from functions.timelapse.plan import Timing

_SHARE = 0.9
_BUFFER_SHARE = 0.04
_CONTAINER_BYTES, _CONTAINER_BYTES_A_FRAME = 4096, 16
_HIGHEST_RATE, _LOWEST_RATE = 20_000_000, 1_000
_BITS_A_PIXEL = 0.02
_NARROWEST = 320
_SMALLEST_SIDE = 16


@dataclass(frozen=True, slots=True)
class Shape:
    """Width and height (both even) in pixels, rate cap in bits per second, its buffer in bits."""

    width: int
    height: int
    rate: int
    buffer: int


def film_shape(width: int, height: int, max_width: int, max_bytes: int, timing: Timing) -> Shape:
    """The shape of a film of frames of that size; narrower than allowed if the bytes could not show more."""
    budget = max_bytes - _CONTAINER_BYTES - _CONTAINER_BYTES_A_FRAME * timing.film_frames
    rate = min(_HIGHEST_RATE, max(_LOWEST_RATE, int(_SHARE * budget * 8 / timing.seconds)))
    pixels = rate / (float(timing.rate) * _BITS_A_PIXEL)
    affordable = max(_NARROWEST, int(math.sqrt(pixels * width / height)))
    scale = min(width, max_width, affordable) / width
    return Shape(
        _even(width * scale), _even(height * scale), rate, max(1, int(_BUFFER_SHARE * rate * timing.seconds))
    )


def _even(side: float) -> int:
    return max(_SMALLEST_SIDE, int(side + 1e-6) // 2 * 2)


_KEY_FRAME_SECONDS = 5
# JPEGs are full range; players expect video range. Of the filters that convert, this one is the cheapest
# (a tenth of the film's CPU time less than `scale`).
_FULL_TO_VIDEO_RANGE = (
    "colorspace=ispace=bt470bg:space=bt470bg:iprimaries=bt709:primaries=bt709:itrc=bt709:trc=bt709:"
    "irange=pc:range=tv:format=yuv420p"
)

QUICK_RECIPE = (
    "ffmpeg -framerate 30 -pattern_type glob -i 'FOLDER/*.jpg' -vf 'scale=1280:-2,format=yuv420p' "
    "-c:v libx264 -preset veryfast -crf 28 -movflags +faststart film.mp4"
)
"""All frames at 30 a second, however long that gets."""

TARGET_RECIPE = (
    "SECONDS_LONG=45; ls 'FOLDER'/*.jpg "
    "| awk -v most=$((SECONDS_LONG * 30)) '{ name[NR] = $0 } END { n = NR < most ? NR : most; "
    "for (i = 0; i < n; i++) print name[1 + int(i * (NR - 1) / (n > 1 ? n - 1 : 1))] }' > chosen.txt; "
    "xargs -d '\\n' cat < chosen.txt "
    "| ffmpeg -f image2pipe -framerate $(wc -l < chosen.txt)/$SECONDS_LONG -c:v mjpeg -i - "
    "-vf 'scale=1280:-2,format=yuv420p' -c:v libx264 -preset veryfast -crf 28 "
    "-maxrate 8M -bufsize 8M -movflags +faststart film.mp4"
)
"""45 seconds whatever the number of frames: at most 1,350 of them, spread evenly, below 50 MB."""


def film_command(
    ffmpeg: str, timing: Timing, shape: Shape, output: Path, *, is_strict: bool = True
) -> list[str]:
    """Frames on stdin, progress on stdout, a film at the end.

    Frames of another size are fitted into the frame. If strict, a frame with a decoding error is left
    out, and the one before stands for it (its time is kept); else it is shown as far as it goes.
    """
    width, height = shape.width, shape.height
    rate = f"{timing.rate.numerator}/{timing.rate.denominator}"
    image = (
        f"scale={width}:{height}:force_original_aspect_ratio=decrease:out_range=pc,format=yuvj420p,"
        f"pad={width}:{height}:-1:-1:eval=frame,setsar=1,{_FULL_TO_VIDEO_RANGE}"
    )
    return [
        *(ffmpeg, "-hide_banner", "-nostdin", "-nostats", "-y", "-loglevel", "error"),
        *("-progress", "pipe:1", "-stats_period", "1", "-max_error_rate", "1"),
        # One filter graph for all frames (a new one for each change of size would forget the range).
        *("-reinit_filter", "0"),
        *("-threads", "1", "-f", "image2pipe", "-framerate", rate, "-c:v", "mjpeg"),
        *(("-err_detect", "explode") if is_strict else ()),
        *("-i", "pipe:0"),
        *("-an", "-map_metadata", "-1", "-filter_threads", "1", "-vf", image),
        *("-fps_mode", "passthrough", "-c:v", "libx264", "-threads", "1", "-preset", "ultrafast"),
        *("-crf", "27", "-x264-params", "no-deblock=0:deblock=-1,-1"),
        *("-maxrate", str(shape.rate), "-bufsize", str(shape.buffer)),
        *("-g", str(max(1, round(_KEY_FRAME_SECONDS * timing.rate)))),
        *("-movflags", "+faststart", "-f", "mp4", str(output)),
    ]


def thumbnail_command(ffmpeg: str) -> list[str]:
    """One frame on stdin, a small JPEG on stdout."""
    side = THUMBNAIL_SIDE
    fit = f"scale=w='min({side},iw)':h='min({side},ih)':force_original_aspect_ratio=decrease"
    return [
        *(ffmpeg, "-hide_banner", "-nostdin", "-nostats", "-loglevel", "error"),
        *("-threads", "1", "-f", "image2pipe", "-c:v", "mjpeg"),
        *("-err_detect", "explode", "-i", "pipe:0", "-frames:v", "1"),
        *("-vf", fit, "-q:v", "5", "-c:v", "mjpeg", "-f", "image2pipe", "pipe:1"),
    ]

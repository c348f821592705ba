"""A whole JPEG is told from everything else without decoding a pixel."""

import io
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from functions.shared.domain.jpeg import SCANS_MAX, SIZE_LIMIT, Jpeg, read_jpeg


def image(width: int = 64, height: int = 48, mode: str = "RGB", kind: str = "JPEG", **options: Any) -> bytes:
    noise = random.Random(1).randbytes(width * height * len(mode))
    stream = io.BytesIO()
    Image.frombytes(mode, (width, height), noise).save(stream, kind, **options)
    return stream.getvalue()


WHOLE = image()


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize(
    "options",
    [
        {}, {"progressive": True}, {"optimize": True}, {"quality": 5}, {"quality": 100, "subsampling": 0},
        {"restart_marker_blocks": 2}, {"exif": b"Exif\x00\x00" + b"\xff\xd9" * 40,
        "comment": b"\xff\xd8\xff\xd9"},
    ],
)  # fmt: skip
def test_every_kind_of_real_jpeg_passes(mode: str, options: dict[str, Any]) -> None:
    assert read_jpeg(image(mode=mode, **options)).fault is None


def test_any_buffer_will_do() -> None:
    assert read_jpeg(bytearray(WHOLE)).fault is None
    assert read_jpeg(memoryview(WHOLE)).fault is None


def test_fill_bytes_before_a_marker_are_allowed() -> None:
    assert read_jpeg(WHOLE[:2] + b"\xff\xff\xff" + WHOLE[2:]).fault is None


@pytest.mark.parametrize("size", [(16, 16), (4096, 16), (16, 4096)])
def test_sides_up_to_the_limits_pass(size: tuple[int, int]) -> None:
    assert read_jpeg(image(*size)) == Jpeg(*size)


@pytest.mark.parametrize("size", [(15, 64), (64, 15), (4097, 16), (16, 4097), (1, 1)])
def test_sides_beyond_the_limits_are_named(size: tuple[int, int]) -> None:
    assert read_jpeg(image(*size)).fault == f"{size[0]}x{size[1]} pixels"


def test_an_image_cut_off_anywhere_is_refused() -> None:
    assert [length for length in range(len(WHOLE)) if read_jpeg(WHOLE[:length]).fault is None] == []


def test_what_is_no_jpeg_is_refused() -> None:
    for data in (
        b"", b"\xff", b"\xff\xd8\xff\xd9", image(kind="PNG"), b"<html></html>", WHOLE + b"\x00", WHOLE[1:],
        b"\xff\xd8" + bytes(1000) + b"\xff\xd9", b"\xff\xd8" + b"\xff" * 1000 + b"\xd9",
    ):  # fmt: skip
        assert read_jpeg(data).fault


def test_an_image_without_frame_header_or_without_data_is_refused() -> None:
    start_of_scan = WHOLE.index(b"\xff\xda")
    start_of_frame = WHOLE.index(b"\xff\xc0")
    length = int.from_bytes(WHOLE[start_of_frame + 2 : start_of_frame + 4], "big") + 2
    headless = WHOLE[:start_of_frame] + WHOLE[start_of_frame + length :]
    assert read_jpeg(headless).fault == "no frame header"
    assert read_jpeg(WHOLE[:start_of_scan] + b"\xff\xd9").fault == "no picture data"


def test_a_huge_file_is_refused_by_its_size() -> None:
    assert "limit" in (read_jpeg(bytes(SIZE_LIMIT + 1)).fault or "")


@given(data=st.binary(max_size=200))
def test_random_bytes_never_raise(data: bytes) -> None:
    read_jpeg(data)
    read_jpeg(b"\xff\xd8" + data + b"\xff\xd9")


@given(place=st.integers(2, len(WHOLE) - 3), byte=st.integers(0, 255))
def test_a_damaged_header_never_raises(place: int, byte: int) -> None:
    damaged = bytearray(WHOLE)
    damaged[place % 700] = byte
    read_jpeg(damaged)


def with_scans(width: int, height: int, more: int) -> bytes:
    """A progressive image whose last scan comes again and again."""
    whole = image(width, height, progressive=True)
    last = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + last * more + b"\xff\xd9"


def test_an_image_of_many_scans_is_refused() -> None:
    assert read_jpeg(with_scans(64, 48, SCANS_MAX - 10)).fault is None
    assert "33 scans or more of 64x48 pixels" in (read_jpeg(with_scans(64, 48, SCANS_MAX)).fault or "")


def test_the_larger_the_image_the_fewer_scans() -> None:
    def fault(width: int, height: int, progressive: bool) -> str | None:
        stream = io.BytesIO()
        Image.new("RGB", (width, height)).save(stream, "JPEG", progressive=progressive)
        return read_jpeg(stream.getvalue()).fault

    assert fault(4096, 4096, False) is None
    assert fault(2592, 1944, True) is None
    assert "scans" in (fault(4096, 4096, True) or "")


def test_one_file_holds_one_image() -> None:
    start = WHOLE.index(b"\xff\xc0")
    header = WHOLE[start : start + int.from_bytes(WHOLE[start + 2 : start + 4], "big") + 2]
    assert read_jpeg(WHOLE[:start] + header + WHOLE[start:]).fault == "more than one image"
    assert read_jpeg(WHOLE[:-2] + header + WHOLE[-2:]).fault == "more than one image"
    assert read_jpeg(WHOLE[:2] + WHOLE).fault == "more than one image"
    assert read_jpeg(WHOLE + WHOLE).fault == "goes on behind its end"
    assert read_jpeg(WHOLE + bytes(10) + b"\xff\xd9").fault == "goes on behind its end"


def test_kinds_that_no_camera_makes_are_refused() -> None:
    for kind in (0xC3, 0xC9, 0xCF):
        assert read_jpeg(WHOLE.replace(b"\xff\xc0", bytes([0xFF, kind]), 1)).fault == "a rare kind of JPEG"


def test_a_walk_has_an_end_whatever_is_in_the_way() -> None:
    for filler in (b"\xff", b"\xff\xfe\x00\x02", b"\xff\x01"):
        long = WHOLE[:2] + filler * 5000 + WHOLE[2:]
        assert "segments" in (read_jpeg(long).fault or "")

"""The latest picture of each printer: one copy of each, and all of them within one bound."""

import base64
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.bambui.messages import ImageMessage
from functions.shared.errors import PermanentError
from functions.shared.latest_pictures import LatestPicture, LatestPictures
from tests.functions.shared.domain.test_jpeg import WHOLE
from tests.support.edge_material import large_jpeg

OTHER = WHOLE[:2] + b"\xff\xfe\x00\x04hi" + WHOLE[2:]


def text(image: bytes) -> str:
    return base64.b64encode(image).decode()


def sent(written: str | bytes) -> ImageMessage:
    """As it comes from BambUI."""
    message = written if isinstance(written, str) else text(written)
    return ImageMessage(message, 0, len(message))


def names(pictures: LatestPictures, *candidates: str) -> list[str]:
    return [name for name in candidates if pictures.taken_at(name) is not None]


def test_nothing_is_known_of_a_printer_nobody_named() -> None:
    pictures = LatestPictures()
    assert pictures.get("A1") is None
    assert pictures.taken_at("A1") is None


def test_the_newest_is_given_with_its_time() -> None:
    pictures = LatestPictures()
    pictures.put("A1", sent(WHOLE), 5.0)
    pictures.put("A1", sent(OTHER), 6.0)
    assert pictures.taken_at("A1") == 6.0
    assert pictures.get("A1") == LatestPicture(OTHER, 6.0)
    assert pictures.get("A1") == LatestPicture(OTHER, 6.0)


def test_one_that_does_not_look_whole_leaves_the_last_good_one_standing() -> None:
    pictures = LatestPictures()
    pictures.put("A1", sent(WHOLE), 5.0)
    for broken in (
        text(WHOLE)[:-2],
        text(WHOLE[:500]),
        "žluť",
        "",
        "=",
        text(b"PNG"),
        text(WHOLE)[:-4] + "\n==",
    ):
        pictures.put("A1", sent(broken), 6.0)
        assert pictures.taken_at("A1") == 5.0
        assert pictures.get("A1") == LatestPicture(WHOLE, 5.0)


def test_one_that_is_broken_within_is_not_held_once_that_is_seen() -> None:
    pictures = LatestPictures()
    pictures.put("A1", sent(text(WHOLE)[:16] + "!" + text(WHOLE)[17:]), 5.0)
    with pytest.raises(PermanentError):
        pictures.get("A1")
    assert (pictures.get("A1"), pictures.bytes) == (None, 0)


def test_of_each_there_is_one_copy() -> None:
    pictures = LatestPictures()
    picture = sent(large_jpeg(90_000))
    pictures.put("A1", picture, 5.0)
    assert pictures.bytes == picture.memory > 120_000
    first, second = pictures.get("A1"), pictures.get("A1")
    assert first is not None
    assert second is not None
    assert first.data is second.data
    assert pictures.bytes == len(first.data) == 90_000


def test_the_largest_gives_way_first_and_that_is_said(caplog: pytest.LogCaptureFixture) -> None:
    pictures = LatestPictures(limit=1_000_000)
    for name in ("small-1", "small-2", "small-3"):
        pictures.put(name, large_jpeg(100_000), 1.0)
    pictures.put("large-1", large_jpeg(400_000), 2.0)
    pictures.put("large-2", large_jpeg(400_000), 3.0)  # 1.1 MB: of two equal ones the older goes
    everybody = ("small-1", "small-2", "small-3", "large-1", "large-2")
    assert names(pictures, *everybody) == ["small-1", "small-2", "small-3", "large-2"]
    assert (pictures.bytes, pictures.given_way) == (700_000, 1)
    pictures.put("huge", large_jpeg(2_000_000), 4.0)
    assert names(pictures, *everybody, "huge") == ["small-1", "small-2", "small-3", "large-2"]
    assert pictures.given_way == 2
    (line,) = caplog.messages
    assert "PICTURES_MAX_BYTES" in line
    assert "'large-1'" in line


def test_a_new_one_takes_the_place_of_the_printers_own() -> None:
    pictures = LatestPictures(limit=1_000_000)
    for shade in range(20):
        pictures.put("A1", large_jpeg(600_000, shade), float(shade))
    assert (pictures.bytes, pictures.given_way) == (600_000, 0)


@given(
    st.lists(
        st.tuples(st.sampled_from("ABCDE"), st.integers(1, 700), st.sampled_from(["data", "text", "get"])),
        max_size=60,
    )
)
def test_whatever_comes_the_bytes_are_counted_rightly_and_bounded(steps: list[tuple[str, int, str]]) -> None:
    pictures = LatestPictures(limit=2_000)
    for number, (name, size, what) in enumerate(steps):
        if what == "data":
            pictures.put(name, bytes(size), float(number))
        elif what == "text":
            pictures.put(name, sent(WHOLE[:2] + b"\xff\xfe\x00\x03" + bytes(1) + WHOLE[2:]), float(number))
        else:
            pictures.get(name)
        assert pictures.bytes <= 2_000
    held = [pictures.get(name) for name in "ABCDE"]
    assert pictures.bytes == sum(len(one.data) for one in held if one is not None)


def test_many_threads_may_ask_and_tell_at_once() -> None:
    pictures = LatestPictures()

    def tell(number: int) -> None:
        pictures.put("A1", sent(WHOLE if number % 2 else OTHER), float(number))
        pictures.get("A1")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(tell, range(200)))
    newest = pictures.get("A1")
    assert newest is not None
    assert pictures.bytes == len(newest.data)
    assert newest.data == (WHOLE if newest.taken_at % 2 else OTHER)

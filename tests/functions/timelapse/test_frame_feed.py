"""Frames fetched in parallel."""

import threading

import pytest

from functions.shared.errors import NotFoundError, TransientError
from functions.timelapse.film import fetch_in_order
from tests.support.numbered_frames import numbered_frame
from tests.support.timeouts import TIMEOUT


def test_frames_come_in_order_however_long_each_takes() -> None:
    frames = {str(number): numbered_frame(number) for number in range(40)}
    second_is_here = threading.Event()

    def fetch(key: str) -> bytes:
        if key == "0":
            assert second_is_here.wait(TIMEOUT)  # the first comes after the second
        if key == "1":
            second_is_here.set()
        return frames[key]

    assert list(fetch_in_order(list(frames), fetch)) == list(frames.values())


def test_no_more_than_a_few_are_held_in_memory() -> None:
    frame = numbered_frame(1)
    fetched = 0
    lock = threading.Lock()

    def fetch(key: str) -> bytes:
        nonlocal fetched
        with lock:
            fetched += 1
        return frame

    feed = fetch_in_order([str(number) for number in range(1000)], fetch, workers=4, ahead=6)
    for taken, _ in enumerate(feed, 1):
        assert fetched <= taken + 6
        if taken == 100:
            break
    feed.close()
    assert fetched <= 107


def test_what_is_gone_or_no_frame_is_an_empty_place() -> None:
    whole = numbered_frame(5)
    frames = {"whole": whole, "cut off": whole[:-30], "empty": b"", "text": b"<html>no camera</html>"}

    def fetch(key: str) -> bytes:
        if key not in frames:
            raise NotFoundError(key)
        return frames[key]

    keys = ["whole", "cut off", "gone", "empty", "text", "whole"]
    assert list(fetch_in_order(keys, fetch)) == [whole, None, None, None, None, whole]


def test_a_store_that_is_away_is_said_and_nothing_more_is_asked_of_it() -> None:
    asked = []

    def fetch(key: str) -> bytes:
        asked.append(key)
        raise TransientError("the store is away")

    with pytest.raises(TransientError, match="away"):
        list(fetch_in_order([str(number) for number in range(500)], fetch))
    assert len(asked) < 50

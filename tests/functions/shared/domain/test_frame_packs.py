"""A pack gives every frame back as it was, tells them by its beginning alone, and believes nobody."""

import json
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.domain.frame_packs import (
    INDEX_READ_BYTES,
    MAGIC,
    PACK_FRAMES,
    SPAN_SECONDS,
    Pack,
    first_key_of_packs_with,
    index_end,
    make_pack,
    pack_span,
    read_index,
)
from functions.shared.domain.keys import film_key, frame_key, is_key, job_prefix, latest_key, taken_at_of
from functions.shared.errors import ContractError
from tests.functions.shared.domain.test_safe_names import any_name

BEGIN = 1_750_000_000
PREFIX = job_prefix("A1M-1", "benchy")
Frames = list[tuple[str, bytes]]


@st.composite
def frames_of_a_job(draw: st.DrawFn) -> Frames:
    prefix = job_prefix(draw(any_name), draw(st.none() | any_name))
    begin = draw(st.integers(0, 4_000_000_000))
    times = draw(st.lists(st.integers(0, int(SPAN_SECONDS)), min_size=1, max_size=PACK_FRAMES))
    return [
        (frame_key(prefix, begin + seconds, number), draw(st.binary(max_size=30)))
        for number, seconds in enumerate(sorted(times))
    ]


def a_pack(count: int = 3, prefix: str = PREFIX) -> tuple[Pack, Frames]:
    frames = [(frame_key(prefix, BEGIN + 10 * it, it), bytes([it]) * (it + 1)) for it in range(count)]
    return make_pack(frames), frames


def read_all(pack: Pack) -> Frames:
    index = read_index(pack.key, pack.content, len(pack.content))
    return [(frame.key, pack.content[frame.offset : frame.offset + frame.size]) for frame in index]


@given(frames_of_a_job())
def test_every_frame_comes_back_as_it_was(frames: Frames) -> None:
    assert read_all(make_pack(frames)) == frames


@given(frames_of_a_job())
def test_a_pack_lies_among_its_frames_and_says_when_they_were_taken(frames: Frames) -> None:
    pack = make_pack(frames)
    assert is_key(pack.key)
    assert PurePosixPath(pack.key).parent == PurePosixPath(frames[0][0]).parent
    assert pack_span(pack.key) == (taken_at_of(frames[0][0]), taken_at_of(frames[-1][0]))
    assert taken_at_of(pack.key) is None  # what knows no packs takes it for no frame


@given(frames_of_a_job(), st.data())
def test_a_listing_that_begins_at_a_frame_finds_its_pack(frames: Frames, data: st.DataObject) -> None:
    pack = make_pack(frames)
    at = taken_at_of(data.draw(st.sampled_from(frames))[0])
    assert at is not None
    folder = str(PurePosixPath(pack.key).parent) + "/"
    if at > SPAN_SECONDS:
        assert first_key_of_packs_with(folder, at) < pack.key


@given(frames_of_a_job())
def test_the_same_frames_are_the_same_pack_and_others_are_another(frames: Frames) -> None:
    pack = make_pack(frames)
    assert make_pack(frames) == pack
    key, data = frames[-1]
    assert make_pack([*frames[:-1], (key, data + b"x")]).key != pack.key
    if len(frames) > 1:
        assert make_pack(frames[:-1]).key != pack.key


def test_one_read_tells_all_frames_of_a_usual_pack() -> None:
    pack, frames = a_pack(PACK_FRAMES, job_prefix("P" * 80, "j" * 80))
    start = pack.content[:INDEX_READ_BYTES]
    assert index_end(start) <= INDEX_READ_BYTES
    assert [frame.key for frame in read_index(pack.key, start, len(pack.content))] == [
        key for key, _ in frames
    ]


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [latest_key("A1")],
        [film_key(PREFIX, BEGIN)],
        [frame_key(PREFIX, BEGIN, 1), frame_key(job_prefix("A1M-1", "vase"), BEGIN, 2)],
        [frame_key(PREFIX, BEGIN, 1), frame_key(PREFIX + "deeper/", BEGIN, 2)],
    ],
)
def test_only_frames_of_one_folder_are_packed(keys: list[str]) -> None:
    with pytest.raises(ContractError):
        make_pack([(key, b"x") for key in keys])


def test_a_pack_that_is_cut_off_gives_the_frames_that_are_whole() -> None:
    pack, frames = a_pack()
    cut = pack.content[:-1]
    assert [frame.key for frame in read_index(pack.key, cut, len(cut))] == [key for key, _ in frames[:-1]]


def with_index(entries: object, ending: object = "_benchy.jpg") -> bytes:
    index = json.dumps({"ending": ending, "frames": entries}).encode()
    return MAGIC + len(index).to_bytes(4, "big") + index + bytes(100)


GOOD = "20250615T150640_000000"


@pytest.mark.parametrize(
    "name",
    ["../" + GOOD, "x/" + GOOD, "20250615T150639_000000", "20250615T150701_000009", "", ".", "timelapse"],
)
def test_a_name_that_is_none_of_its_frames_is_left_out(name: str) -> None:
    pack, _ = a_pack()
    content = with_index([[name, 1], [GOOD, 2]])
    assert [frame.key for frame in read_index(pack.key, content, len(content))] == [
        f"{PREFIX}{GOOD}_benchy.jpg"
    ]


@pytest.mark.parametrize(
    "entries", [None, 1, [1], [["a"]], [[GOOD, -1]], [[GOOD, 10**12]], [[GOOD, "x"]], {"a": 1}]
)
def test_what_is_no_index_is_said_to_be_none(entries: object) -> None:
    pack, _ = a_pack()
    content = with_index(entries)
    with pytest.raises(ContractError):
        read_index(pack.key, content, len(content))


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_a_pack_or_are_refused(data: bytes, is_begun: bool) -> None:
    pack, _ = a_pack()
    content = MAGIC + data if is_begun else data
    try:
        frames = read_index(pack.key, content, len(content))
    except ContractError:
        return
    assert all(frame.offset + frame.size <= len(content) for frame in frames)


@pytest.mark.parametrize(
    "key",
    [
        frame_key(PREFIX, BEGIN, 1),
        PREFIX + "x.pack",
        f"{PREFIX}20259999T000000_000001_to_20250615T150640_{'a' * 16}.pack",
    ],
)
def test_another_key_is_none_of_a_pack(key: str) -> None:
    assert pack_span(key) is None
    with pytest.raises(ContractError):
        read_index(key, a_pack()[0].content, 1000)

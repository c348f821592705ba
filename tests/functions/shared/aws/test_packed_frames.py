"""Frames in packs are listed and read as if they lay in the bucket alone (moto)."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from moto import mock_aws

from functions.shared.aws.clients import make_client
from functions.shared.aws.s3 import S3FrameStore
from functions.shared.domain.frame_packs import PACK_ENDING, make_pack
from functions.shared.domain.keys import film_key, frame_key, job_prefix, printer_prefix
from functions.shared.errors import ContractError, NotFoundError
from tests.support.aws.places import aws_environment, listen, make_bucket
from tests.support.contracts.frames import NOON, PREFIX

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture(scope="module")
def moto() -> Iterator[None]:
    with aws_environment(), mock_aws():
        yield


@pytest.fixture
def client(moto: None) -> "S3Client":
    return make_client("s3")


class Folder:
    """A bucket, what was put into it, and what was asked of it since."""

    def __init__(self, client: "S3Client", folder: Path) -> None:
        self.client, self.bucket = client, make_bucket(client)
        self.source = folder / "source"
        self.frames: dict[str, bytes] = {}
        self.asked: list[tuple[str, str]] = []
        listen(client, "provide-client-params.s3", self._note)
        self.store = S3FrameStore(client, self.bucket)

    def _note(self, model: Any, params: dict[str, Any], **_: object) -> None:
        self.asked.append((model.name, params.get("Range", "")))

    def again(self) -> S3FrameStore:
        """As another program finds it."""
        self.asked.clear()
        self.store = S3FrameStore(self.client, self.bucket)
        return self.store

    def frame(self, at: int, prefix: str = PREFIX) -> tuple[str, bytes]:
        key = frame_key(prefix, NOON + at, at)
        self.frames[key] = b"jpeg %d" % at
        return key, self.frames[key]

    def pack(self, *times: int, prefix: str = PREFIX) -> str:
        pack = make_pack([self.frame(at, prefix) for at in times])
        self.store.put_pack(pack)
        return pack.key

    def alone(self, *times: int, prefix: str = PREFIX) -> None:
        for at in times:
            key, data = self.frame(at, prefix)
            self.source.write_bytes(data)
            self.store.put(key, self.source)

    def keys(self, prefix: str = PREFIX, since: float | None = None, until: float | None = None) -> list[str]:
        return [frame.key for frame in self.again().list(prefix, since, until)]


@pytest.fixture
def folder(client: "S3Client", tmp_path: Path) -> Folder:
    return Folder(client, tmp_path)


def test_frames_alone_and_in_packs_are_one_listing_by_time_each_once(folder: Folder) -> None:
    folder.alone(0, 15, 25, 70)
    folder.pack(10, 20, 30)
    folder.pack(10, 20, 30, 40)  # after a power cut, packed anew
    folder.pack(20, 25, 60)
    listed = list(folder.again().list(PREFIX))
    assert [frame.key for frame in listed] == sorted(folder.frames)
    assert [frame.taken_at - NOON for frame in listed] == [0, 10, 15, 20, 25, 30, 40, 60, 70]
    assert {frame.key: frame.size for frame in listed} == {key: len(it) for key, it in folder.frames.items()}
    assert {frame.key: folder.store.get(frame.key) for frame in listed} == folder.frames


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (20, None, [20, 30, 3000, 6000]),
        (None, 20, [10, 20]),
        (21, 29, []),
        (5999.5, 1e9, [6000]),
        (30.9, 3000, [30, 3000]),
    ],
)
def test_a_span_has_the_frames_of_packs_that_reach_into_it(
    folder: Folder, since: float | None, until: float | None, expected: list[int]
) -> None:
    folder.pack(10, 20, 30)
    folder.pack(3000, 6000)
    found = folder.keys(
        since=None if since is None else NOON + since, until=None if until is None else NOON + until
    )
    assert found == [frame_key(PREFIX, NOON + at, at) for at in expected]


def test_packs_out_of_the_span_are_not_looked_into(folder: Folder) -> None:
    folder.pack(10, 20)
    folder.pack(1000, 1010)
    folder.pack(2000, 2010)
    assert len(folder.keys(since=NOON + 1000, until=NOON + 1500)) == 2
    assert [name for name, _ in folder.asked] == ["ListObjectsV2", "GetObject"]


def test_a_printer_s_listing_has_the_packs_of_all_its_jobs(folder: Folder) -> None:
    other = job_prefix("A1M-1", "vase")
    folder.pack(10, 20)
    folder.pack(5, 15, prefix=other)
    assert folder.keys(printer_prefix("A1M-1")) == sorted(folder.frames)
    assert folder.keys(printer_prefix("A1M-1"), since=NOON + 12) == sorted(folder.frames)[1:4:2]


def test_one_frame_of_a_pack_is_read_by_its_range_and_more_by_one_read_of_the_whole(folder: Folder) -> None:
    folder.pack(*range(0, 600, 10))
    keys = folder.keys()
    folder.asked.clear()
    folder.store.get(keys[30])
    assert [name for name, span in folder.asked if span] == ["GetObject"]
    assert [folder.store.get(key) for key in keys] == [folder.frames[key] for key in keys]
    assert len(folder.asked) == 2


def test_a_frame_that_was_to_come_alone_is_found_in_a_pack(folder: Folder) -> None:
    folder.alone(0)
    folder.pack(10, 20, 30)
    key = frame_key(PREFIX, NOON + 20, 20)
    assert folder.again().get(key) == folder.frames[key]
    for missing in (frame_key(PREFIX, NOON + 21, 21), film_key(PREFIX, NOON), f"{PREFIX}x.jpg"):
        with pytest.raises(NotFoundError):
            folder.again().get(missing)


def test_a_pack_says_when_it_goes_and_is_put_once(folder: Folder) -> None:
    key = folder.pack(10, 20)
    folder.pack(10, 20)
    tags = folder.client.get_object_tagging(Bucket=folder.bucket, Key=key)["TagSet"]
    assert tags == [{"Key": "kind", "Value": "frame"}]
    assert (
        folder.client.head_object(Bucket=folder.bucket, Key=key)["ContentType"] == "application/octet-stream"
    )


def test_only_a_pack_s_key_takes_a_pack(folder: Folder) -> None:
    pack = make_pack([folder.frame(1)])
    for key in ("../x.pack", f"{PREFIX}x.pack", frame_key(PREFIX, NOON, 1)):
        with pytest.raises(ContractError):
            folder.store.put_pack(type(pack)(key, pack.content))


SPOILT: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "no index": lambda content: b"x" * 20_000,
    "cut in its index": lambda content: content[:30],
    "an index without an end": lambda content: content[:8] + b"\x00\x0f\xff\xff" + content[12:],
}


@pytest.mark.parametrize("fault", SPOILT)
def test_a_broken_pack_costs_what_is_in_it_and_no_other_frame(folder: Folder, fault: str) -> None:
    key = folder.pack(10, 20)
    content = folder.client.get_object(Bucket=folder.bucket, Key=key)["Body"].read()
    folder.client.put_object(Bucket=folder.bucket, Key=key, Body=SPOILT[fault](content))
    folder.alone(15)
    folder.pack(30, 40)
    assert folder.keys() == [frame_key(PREFIX, NOON + at, at) for at in (15, 30, 40)]


def test_an_index_longer_than_the_first_read_is_read_on(folder: Folder) -> None:
    pack = make_pack([folder.frame(at) for at in range(0, 5000, 10)])
    folder.store.put_pack(pack)
    assert pack.key.endswith(PACK_ENDING)
    assert folder.keys() == sorted(folder.frames)


def test_of_many_packs_only_some_are_remembered_and_all_are_read(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.shared.aws.packed_frames._INDEXES_KEPT", 2)
    for at in range(0, 50, 10):
        folder.pack(at, at + 1)
    keys = folder.keys()
    assert [folder.store.get(key) for key in keys] == [folder.frames[key] for key in sorted(folder.frames)]

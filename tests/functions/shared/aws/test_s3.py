"""The frame contract on S3 (moto), and what only that store has to take care of."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ReadTimeoutError
from moto import mock_aws

from functions.shared.aws.clients import make_client
from functions.shared.aws.s3 import S3FrameStore
from functions.shared.domain.keys import (
    film_key,
    frame_key,
    job_prefix,
    latest_key,
    printer_prefix,
    thumbnail_key,
)
from functions.shared.errors import NotFoundError, PermanentError, TransientError
from tests.support.aws.places import aws_environment, listen, make_bucket
from tests.support.contracts.frames import NOON, PREFIX, FramesContract
from tests.support.descriptors import no_more_files

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEY = frame_key(PREFIX, NOON, 1)


@pytest.fixture(scope="module")
def moto() -> Iterator[None]:
    with aws_environment(), mock_aws():
        yield


@pytest.fixture(scope="module")
def shared_client(moto: None) -> "S3Client":
    return make_client("s3")


@pytest.fixture
def client(moto: None) -> "S3Client":
    """One of its own: tests listen in on it."""
    return make_client("s3")


@pytest.fixture
def bucket(shared_client: "S3Client") -> str:
    return make_bucket(shared_client)


@pytest.fixture
def frames(client: "S3Client", bucket: str) -> S3FrameStore:
    return S3FrameStore(client, bucket)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(b"jpeg")
    return path


class TestS3Frames(FramesContract):
    @pytest.fixture
    def frames(self, shared_client: "S3Client", bucket: str) -> S3FrameStore:
        return S3FrameStore(shared_client, bucket)


def count_calls(client: "S3Client") -> list[str]:
    """The names of the calls made from now on."""
    names: list[str] = []
    listen(client, "before-call.s3", lambda model, **_: names.append(model.name))
    return names


def answer(client: "S3Client", operation: str, code: str, status: int) -> None:
    """S3 answers that call so from now on."""

    def refuse(**_: object) -> tuple[Any, dict[str, Any]]:
        response = type("Answer", (), {"status_code": status, "headers": {}, "content": b""})()
        error = {"Code": code, "Message": code}
        return response, {"Error": error, "ResponseMetadata": {"HTTPStatusCode": status}}

    listen(client, f"before-call.s3.{operation}", refuse)


class TestPut:
    @pytest.mark.parametrize(
        ("key", "content_type"),
        [
            (KEY, "image/jpeg"),
            (latest_key("A1M-1"), "image/jpeg"),
            (film_key(PREFIX, NOON), "video/mp4"),
            (thumbnail_key(film_key(PREFIX, NOON)), "image/jpeg"),
            (f"{PREFIX}notes", "application/octet-stream"),
        ],
    )
    def test_what_is_stored_says_what_it_is(
        self, client: "S3Client", bucket: str, source: Path, key: str, content_type: str
    ) -> None:
        S3FrameStore(client, bucket).put(key, source)
        assert client.head_object(Bucket=bucket, Key=key)["ContentType"] == content_type

    def test_a_frame_costs_one_request(self, client: "S3Client", frames: S3FrameStore, source: Path) -> None:
        calls = count_calls(client)
        frames.put(KEY, source)
        assert calls == ["PutObject"]

    @pytest.mark.parametrize("code", ["AccessDenied", "ExpiredToken", "SlowDown", "NoSuchBucket"])
    def test_a_put_that_fails_keeps_its_source(
        self, client: "S3Client", frames: S3FrameStore, source: Path, code: str
    ) -> None:
        answer(client, "PutObject", code, 403)
        with pytest.raises(TransientError):
            frames.put(KEY, source)
        assert source.read_bytes() == b"jpeg"

    def test_a_source_that_is_no_file_is_refused_for_good(self, frames: S3FrameStore, tmp_path: Path) -> None:
        with pytest.raises(PermanentError):
            frames.put(KEY, tmp_path)
        assert tmp_path.is_dir()

    def test_who_may_only_put_takes_a_source_that_is_gone_for_stored(
        self, client: "S3Client", frames: S3FrameStore, tmp_path: Path
    ) -> None:
        """The edge: it may not read, so S3 tells it nothing."""
        answer(client, "ListObjectsV2", "AccessDenied", 403)
        frames.put(KEY, tmp_path / "gone")

    def test_a_gone_source_is_asked_for_again_when_s3_cannot_say(
        self, client: "S3Client", frames: S3FrameStore, tmp_path: Path
    ) -> None:
        answer(client, "ListObjectsV2", "SlowDown", 503)
        with pytest.raises(TransientError):
            frames.put(KEY, tmp_path / "gone")

    def test_a_gone_source_is_not_taken_for_a_frame_whose_name_only_begins_so(
        self, frames: S3FrameStore, source: Path
    ) -> None:
        frames.put(f"{PREFIX}part.jpg.mp4", source)
        with pytest.raises(NotFoundError):
            frames.put(f"{PREFIX}part.jpg", source)


class TestGet:
    def test_a_connection_that_breaks_off_half_way_is_tried_again(
        self, client: "S3Client", frames: S3FrameStore, source: Path
    ) -> None:
        source.write_bytes(b"whole" * 1000)
        frames.put(KEY, source)
        breaks = break_bodies(client, times=2)
        assert frames.get(KEY) == b"whole" * 1000
        assert breaks == [0, 1]

    def test_a_connection_that_keeps_breaking_off_is_announced(
        self, client: "S3Client", frames: S3FrameStore, source: Path
    ) -> None:
        frames.put(KEY, source)
        break_bodies(client, times=100)
        with pytest.raises(TransientError, match="ReadTimeoutError"):
            frames.get(KEY)

    @pytest.mark.parametrize("code", ["AccessDenied", "ExpiredToken", "SlowDown", "NoSuchBucket"])
    def test_what_cannot_be_read_now_is_not_said_to_be_missing(
        self, client: "S3Client", frames: S3FrameStore, code: str
    ) -> None:
        answer(client, "GetObject", code, 403)
        with pytest.raises(TransientError):
            frames.get(KEY)

    def test_a_film_is_read_from_a_file_and_the_file_is_gone_afterwards(
        self, frames: S3FrameStore, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        room = tmp_path / "room"
        room.mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(room))
        content = bytes(range(256)) * 20_000
        source.write_bytes(content)
        frames.put(film_key(PREFIX, NOON), source)
        with frames.open(film_key(PREFIX, NOON)) as stream:
            assert stream.seek(0, 2) == len(content)
            stream.seek(0)
            assert stream.read() == content
            assert stream.fileno() > 0
        assert list(room.iterdir()) == []


def break_bodies(client: "S3Client", times: int) -> list[int]:
    """The next so many contents break off after their first bytes."""
    breaks: list[int] = []

    def tear(parsed: dict[str, Any], **_: object) -> None:
        if len(breaks) < times:
            breaks.append(len(breaks))
            parsed["Body"] = TornBody(parsed["Body"].read(3))

    listen(client, "after-call.s3.GetObject", tear)
    return breaks


class TornBody:
    def __init__(self, beginning: bytes) -> None:
        self._pieces = [beginning]

    def read(self, amount: int) -> bytes:
        if self._pieces:
            return self._pieces.pop()
        raise ReadTimeoutError(endpoint_url="https://bucket.example")

    def close(self) -> None:
        self._pieces.clear()


@pytest.fixture(scope="module")
def long_job(shared_client: "S3Client") -> tuple[str, list[str]]:
    """A bucket with 1,050 frames, seven seconds apart, and a film."""
    bucket = make_bucket(shared_client)
    keys = [frame_key(PREFIX, NOON + number * 7, number) for number in range(1_050)]
    for key in [*keys, film_key(PREFIX, NOON)]:
        shared_client.put_object(Bucket=bucket, Key=key, Body=b"")
    return bucket, keys


class TestALongJob:
    def test_it_is_listed_whole_in_the_order_of_time(
        self, client: "S3Client", long_job: tuple[str, list[str]]
    ) -> None:
        bucket, keys = long_job
        calls = count_calls(client)
        listed = list(S3FrameStore(client, bucket).list(PREFIX))
        assert [frame.key for frame in listed] == keys
        assert all(before.taken_at < after.taken_at for before, after in pairwise(listed))
        assert calls == ["ListObjectsV2"] * 2

    def test_its_end_costs_one_request(self, client: "S3Client", long_job: tuple[str, list[str]]) -> None:
        bucket, keys = long_job
        calls = count_calls(client)
        listed = S3FrameStore(client, bucket).list(PREFIX, since=NOON + 950 * 7)
        assert [frame.key for frame in listed] == keys[950:]
        assert calls == ["ListObjectsV2"]

    def test_its_beginning_costs_one_request(
        self, client: "S3Client", long_job: tuple[str, list[str]]
    ) -> None:
        bucket, keys = long_job
        calls = count_calls(client)
        listed = S3FrameStore(client, bucket).list(PREFIX, since=NOON, until=NOON + 99 * 7)
        assert [frame.key for frame in listed] == keys[:100]
        assert calls == ["ListObjectsV2"]


class TestList:
    def test_a_time_span_over_all_jobs_of_a_printer_misses_none(
        self, frames: S3FrameStore, source: Path
    ) -> None:
        keys = [frame_key(job_prefix("A1M-1", job), NOON + at, at) for job in ("a", "b") for at in range(4)]
        for key in keys:
            source.write_bytes(b"x")
            frames.put(key, source)
        listed = [frame.key for frame in frames.list(printer_prefix("A1M-1"), NOON + 1, NOON + 2)]
        assert listed == keys[1:3] + keys[5:7]

    @pytest.mark.parametrize("since", [-1e12, -1.0, 0.0, 0.5, NOON])
    def test_any_beginning_of_a_span_up_to_the_frame_finds_it(
        self, frames: S3FrameStore, source: Path, since: float
    ) -> None:
        frames.put(KEY, source)
        assert [frame.key for frame in frames.list(PREFIX, since=since)] == [KEY]

    @pytest.mark.parametrize("since", [NOON + 1, 1e12, 1e300])
    def test_a_span_behind_the_frame_does_not(self, frames: S3FrameStore, source: Path, since: float) -> None:
        frames.put(KEY, source)
        assert list(frames.list(PREFIX, since=since)) == []

    def test_the_newest_frame_of_an_idle_printer_is_listed_apart_with_the_time_it_was_stored(
        self, frames: S3FrameStore, source: Path
    ) -> None:
        frames.put(latest_key("A1M-1"), source)
        (frame,) = frames.list("latest/")
        assert (frame.key, frame.size) == ("latest/A1M-1.jpg", 4)
        assert frame.taken_at > NOON
        assert list(frames.list("images/")) == []

    @pytest.mark.parametrize("prefix", ["images/\x00", "images/\ud800", "images/é/"])
    def test_a_prefix_that_no_key_can_have_finds_nothing(self, frames: S3FrameStore, prefix: str) -> None:
        assert list(frames.list(prefix)) == []

    def test_a_listing_that_s3_refuses_is_announced(self, client: "S3Client", frames: S3FrameStore) -> None:
        answer(client, "ListObjectsV2", "AccessDenied", 403)
        with pytest.raises(TransientError, match="policies"):
            list(frames.list(PREFIX))


def test_a_source_that_cannot_be_opened_for_now_is_tried_again_and_not_set_aside(
    frames: S3FrameStore, source: Path
) -> None:
    with no_more_files(), pytest.raises(TransientError, match="Too many open files"):
        frames.put(KEY, source)
    frames.put(KEY, source)
    assert frames.get(KEY) == b"jpeg"

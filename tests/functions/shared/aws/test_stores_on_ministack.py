"""Record and frame contracts, and presigned addresses, on MiniStack, which the suite deploys the stack to."""

import http.client
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from boto3.session import Session

from functions.shared.aws.clients import make_client
from functions.shared.aws.dynamodb import DynamoRecordStore
from functions.shared.aws.presigned import PresignedObjects
from functions.shared.aws.s3 import S3FrameStore
from functions.shared.domain.frame_packs import make_pack
from functions.shared.domain.keys import frame_key
from tests.support.aws.places import make_bucket, make_table
from tests.support.clock import HandClock
from tests.support.contracts.frames import NOON, PREFIX, FramesContract
from tests.support.contracts.records import RecordHarness, RecordsContract
from tests.support.timeouts import TIMEOUT

pytest_plugins = ("tests.support.aws.fixtures",)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client


@pytest.fixture(scope="module")
def dynamodb(aws_clock_file: Path) -> "DynamoDBClient":
    return make_client("dynamodb")


@pytest.fixture(scope="module")
def s3(aws_clock_file: Path) -> "S3Client":
    return make_client("s3")


class MiniStackHarness(RecordHarness):
    def __init__(self, client: "DynamoDBClient") -> None:
        self.clock = HandClock()
        self.records = DynamoRecordStore(client, make_table(client), self.clock)

    def now(self) -> float:
        return self.clock()

    def pass_time(self, seconds: float) -> None:
        self.clock.pass_time(seconds)


class TestRecords(RecordsContract):
    @pytest.fixture
    def harness(self, dynamodb: "DynamoDBClient") -> MiniStackHarness:
        return MiniStackHarness(dynamodb)


class TestFrames(FramesContract):
    @pytest.fixture
    def frames(self, s3: "S3Client") -> S3FrameStore:
        return S3FrameStore(s3, make_bucket(s3))

    def test_frames_of_a_pack_that_was_put_twice_are_listed_once_and_read(self, frames: S3FrameStore) -> None:
        kept = {frame_key(PREFIX, NOON + at, at): bytes([at]) * at for at in range(1, 61)}
        pack = make_pack(list(kept.items()))
        frames.put_pack(pack)
        frames.put_pack(pack)
        listed = list(frames.list(PREFIX, NOON + 31))
        assert [frame.key for frame in listed] == list(kept)[30:]
        assert [frames.get(frame.key) for frame in listed] == list(kept.values())[30:]


def test_a_presigned_address_opens_its_object_and_any_part_of_it_and_nothing_else(s3: "S3Client") -> None:
    bucket, key = make_bucket(s3), "images/A1M-1/Phone stand (blue)~1/timelapse_20251122T130800.mp4"
    s3.put_object(Bucket=bucket, Key=key, Body=b"0123456789")
    s3.put_object(Bucket=bucket, Key="images/other.jpg", Body=b"secret")
    signing = PresignedObjects(s3, Session().get_credentials, bucket)
    begun = int(time.time()) - 300_000
    address = signing.address(key, begun, 604_800)
    whole = opened(address)
    assert (whole.status, whole.read()) == (200, b"0123456789")
    assert whole.headers["Cache-Control"] == "private, max-age=604800, immutable"
    part = opened(address, Range="bytes=2-3")
    assert (part.status, part.read()) == (206, b"23")
    for changed in (
        address.replace(quote("Phone stand (blue)~1/timelapse_20251122T130800.mp4", safe="/~"), "other.jpg"),
        address.replace("X-Amz-Expires=604800", "X-Amz-Expires=604799"),
        signing.address(key, begun, 299_000),
    ):
        assert changed != address
        with pytest.raises(urllib.error.HTTPError) as refused:
            opened(changed)
        assert refused.value.code in (400, 403)
        refused.value.close()


def opened(address: str, **headers: str) -> http.client.HTTPResponse:
    answer: http.client.HTTPResponse = urllib.request.urlopen(
        urllib.request.Request(address, headers=headers), timeout=TIMEOUT
    )
    return answer

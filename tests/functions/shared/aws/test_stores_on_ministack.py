"""The record and frame contracts on MiniStack, which the whole stack is deployed to by the suite."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from functions.shared.aws.clients import make_client
from functions.shared.aws.dynamodb import DynamoRecordStore
from functions.shared.aws.s3 import S3FrameStore
from functions.shared.domain.frame_packs import make_pack
from functions.shared.domain.keys import frame_key
from tests.support.aws.places import make_bucket, make_table
from tests.support.clock import HandClock
from tests.support.contracts.frames import NOON, PREFIX, FramesContract
from tests.support.contracts.records import RecordHarness, RecordsContract

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

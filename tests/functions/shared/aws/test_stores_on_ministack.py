"""The record and frame contracts on MiniStack, which the whole stack is deployed to by the suite."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from functions.shared.aws.clients import make_client
from functions.shared.aws.dynamodb import DynamoRecordStore
from functions.shared.aws.s3 import S3FrameStore
from tests.support.aws.places import make_bucket, make_table
from tests.support.clock import HandClock
from tests.support.contracts.frames import FramesContract
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

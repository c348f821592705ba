"""The queue contract on moto's SQS, a second opinion: all of a standard queue.

Of FIFO queues moto does not keep the order of what is redelivered, nor the five minutes of deduplication.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from moto import mock_aws

from functions.shared.aws.clients import make_client
from tests.support.aws.places import MotoHarness, aws_environment
from tests.support.contracts.queue import StandardQueueContract

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@pytest.fixture(scope="module")
def client() -> Iterator["SQSClient"]:
    with aws_environment(), mock_aws():
        yield make_client("sqs")


class TestStandardQueueOnMoto(StandardQueueContract):
    @pytest.fixture
    def harness(self, client: "SQSClient", monkeypatch: pytest.MonkeyPatch) -> MotoHarness:
        return MotoHarness(client, monkeypatch)

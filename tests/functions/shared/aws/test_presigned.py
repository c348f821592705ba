"""Addresses of S3 that open one object; that a server takes them is seen in `test_stores_on_ministack.py`."""

import datetime
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.credentials import Credentials

from functions.shared.aws.clients import make_client
from functions.shared.aws.presigned import PresignedObjects
from functions.shared.errors import TransientError
from tests.support.aws.places import aws_environment

KEY = "images/A1M-1/Phone stand (blue)~1/20251122T130800_000001_x (1)+.jpg"
OWN: dict[str, str] = {
    "aws_access_key_id": "AKIDEXAMPLE",
    "aws_secret_access_key": "secret",
    "aws_session_token": "token+/=",
}


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    with aws_environment():
        yield


def presigned(region: str = "eu-central-1", endpoint: str | None = None) -> PresignedObjects:
    client: Any = boto3.client("s3", region, endpoint_url=endpoint, **OWN)  # type: ignore[call-overload]
    return PresignedObjects(client, lambda: Credentials(*OWN.values()), "frames")


def test_one_picture_has_one_address() -> None:
    first = presigned().address(KEY, 1_763_816_880, 604_800)
    assert presigned().address(KEY, 1_763_816_880, 604_800) == first
    assert presigned().address(KEY, 1_763_816_881, 604_800) != first
    assert "X-Amz-Date=20251122T130800Z&X-Amz-Expires=604800" in first


@pytest.mark.parametrize("region", ["eu-central-1", "us-east-1", "cn-north-1"])
def test_it_is_the_one_that_boto3_gives_when_it_signs_at_that_time(region: str) -> None:
    config = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
    client: Any = boto3.client("s3", region, config=config, **OWN)  # type: ignore[call-overload]
    asked = {
        "Bucket": "frames",
        "Key": KEY,
        "ResponseCacheControl": "private, max-age=604800, immutable",
        "ResponseContentDisposition": "attachment; filename=\"A_ 1.mp4\"; filename*=UTF-8''A%C3%BC%201.mp4",
    }
    theirs = urlsplit(client.generate_presigned_url("get_object", asked, ExpiresIn=604_800))
    stamp = parse_qs(theirs.query)["X-Amz-Date"][0]
    at = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC)
    ours = urlsplit(presigned(region).address(KEY, int(at.timestamp()), 604_800, "Aü 1.mp4"))
    assert ours[:3] == theirs[:3]
    assert parse_qs(ours.query) == parse_qs(theirs.query), "the order of the parameters is free"


def test_another_server_s_buckets_have_no_names_of_their_own() -> None:
    found = presigned(endpoint="http://127.0.0.1:4566")
    assert found.origin == "http://127.0.0.1:4566"
    assert found.address(KEY, 1, 2).startswith("http://127.0.0.1:4566/frames/images/")


def test_without_credentials_that_is_said() -> None:
    with pytest.raises(TransientError, match="no credentials"):
        PresignedObjects(make_client("s3", "eu-central-1"), lambda: None, "frames").address(KEY, 1, 2)

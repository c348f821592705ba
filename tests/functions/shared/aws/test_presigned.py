"""Addresses of S3 that open one object; that a server takes them is seen in `test_stores_on_ministack.py`."""

import datetime
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.credentials import Credentials

from functions.shared.aws.presigned import PresignedObjects

KEY = "images/A1M-1/Phone stand (blue)~1/20251122T130800_000001_x (1)+.jpg"
AWS = "https://s3.eu-central-1.amazonaws.com"


def presigned(endpoint: str, token: str | None = None) -> PresignedObjects:
    return PresignedObjects(
        lambda: Credentials("AKIDEXAMPLE", "secret", token), "eu-central-1", endpoint, "frames"
    )


def test_one_picture_has_one_address() -> None:
    first = presigned(AWS).address(KEY, 1_763_816_880, 604_800)
    assert presigned(AWS).address(KEY, 1_763_816_880, 604_800) == first
    assert presigned(AWS).address(KEY, 1_763_816_881, 604_800) != first
    assert "X-Amz-Date=20251122T130800Z&X-Amz-Expires=604800" in first


def test_it_is_the_one_that_boto3_gives_when_it_signs_at_that_time() -> None:
    client = boto3.client(
        "s3",
        region_name="eu-central-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
        aws_session_token="token+/=",
        config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}),
    )
    asked = {"Bucket": "frames", "Key": KEY, "ResponseCacheControl": "private, max-age=604800, immutable"}
    theirs = urlsplit(client.generate_presigned_url("get_object", asked, ExpiresIn=604_800))
    stamp = parse_qs(theirs.query)["X-Amz-Date"][0]
    at = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC)
    ours = urlsplit(presigned(AWS, "token+/=").address(KEY, int(at.timestamp()), 604_800))
    assert ours[:3] == theirs[:3]
    assert parse_qs(ours.query) == parse_qs(theirs.query), "the order of the parameters is free"


@pytest.mark.parametrize(
    ("endpoint", "origin", "begin"),
    [
        (AWS, "https://frames.s3.eu-central-1.amazonaws.com", "/images/"),
        ("https://s3.amazonaws.com", "https://frames.s3.amazonaws.com", "/images/"),
        (
            "https://s3.cn-north-1.amazonaws.com.cn",
            "https://frames.s3.cn-north-1.amazonaws.com.cn",
            "/images/",
        ),
        ("http://127.0.0.1:4566", "http://127.0.0.1:4566", "/frames/images/"),
    ],
)
def test_a_bucket_of_aws_has_a_name_of_its_own(endpoint: str, origin: str, begin: str) -> None:
    found = presigned(endpoint)
    assert found.origin == origin
    assert found.address(KEY, 1, 2).startswith(origin + begin)

"""The table and the bucket: what is kept, for how long, and who cannot see it."""

import functools
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from functions.shared.aws.s3 import S3FrameStore
from functions.shared.domain.keys import film_key, frame_key, job_prefix, latest_key, thumbnail_key
from tests.stack.cloud_template import Stack, short, statements

TAKEN_AT = 1_763_800_000.0


@pytest.fixture(scope="module")
def stack() -> Stack:
    return Stack(ImageRetentionDays="3", FilmRetentionDays="90")


def expiry(stack: Stack, key: str, tags: dict[str, str]) -> int | None:
    """After how many days S3 removes an object: of all rules that hold, the shortest time."""
    found = []
    for rule in stack.properties("FramesBucket")["LifecycleConfiguration"]["Rules"]:
        assert rule["Status"] == "Enabled"
        wanted = {tag["Key"]: tag["Value"] for tag in rule.get("TagFilters", [])}
        if (
            "ExpirationInDays" in rule
            and key.startswith(rule.get("Prefix", ""))
            and wanted.items() <= tags.items()
        ):
            found.append(int(stack.value(rule["ExpirationInDays"])))
    return min(found, default=None)


PREFIX = job_prefix("A1M-1", "benchy")
KEPT = {
    "frame": (frame_key(PREFIX, TAKEN_AT, 7), 3),
    "film": (film_key(PREFIX, TAKEN_AT), 90),
    "thumbnail": (thumbnail_key(film_key(PREFIX, TAKEN_AT)), 90),
    "latest": (latest_key("A1M-1"), 3),
}
DAYS = st.integers(1, 9999)  # what the two parameters take


@pytest.mark.parametrize(("key", "days"), KEPT.values(), ids=list(KEPT))
def test_what_the_frame_store_puts_expires_as_the_settings_say(
    stack: Stack, key: str, days: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    source = tmp_path / "source"
    source.write_bytes(b"content")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="frames")
        S3FrameStore(client, "frames").put(key, source)
        tags = client.get_object_tagging(Bucket="frames", Key=key)["TagSet"]
    assert expiry(stack, key, {tag["Key"]: tag["Value"] for tag in tags}) == days


@pytest.mark.parametrize("key", [film_key(PREFIX, TAKEN_AT), f"{PREFIX}anything", "elsewhere/x", "x"])
@pytest.mark.parametrize("tags", [{}, {"kind": "other"}, {"frame": "kind"}], ids=str)
def test_whatever_lies_there_expires(stack: Stack, key: str, tags: dict[str, str]) -> None:
    assert expiry(stack, key, tags) == 390


@settings(max_examples=12, deadline=None)
@given(DAYS, DAYS)
def test_what_expires_whatever_it_is_does_so_after_all_that_is_marked(frames: int, films: int) -> None:
    stack = _stack(frames, films)
    for key, tags, days in (
        (frame_key(PREFIX, TAKEN_AT, 7), {"kind": "frame"}, frames),
        (film_key(PREFIX, TAKEN_AT), {"kind": "film"}, films),
        (latest_key("A1M-1"), {}, frames),
    ):
        assert expiry(stack, key, tags) == days
    left = expiry(stack, "x", {})
    assert left is not None
    assert max(frames, films) <= left < 2**31


@functools.cache
def _stack(frames: int, films: int) -> Stack:
    return Stack(ImageRetentionDays=str(frames), FilmRetentionDays=str(films))


def test_broken_off_uploads_are_not_paid_for_ever(stack: Stack) -> None:
    rules = stack.properties("FramesBucket")["LifecycleConfiguration"]["Rules"]
    aborting = [rule for rule in rules if "AbortIncompleteMultipartUpload" in rule]
    assert [rule["AbortIncompleteMultipartUpload"] for rule in aborting] == [{"DaysAfterInitiation": 1}]
    assert all("Prefix" not in rule for rule in aborting)


def test_the_bucket_is_private_and_encrypted_and_keeps_no_versions(stack: Stack) -> None:
    bucket = stack.properties("FramesBucket")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    [rule] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert "VersioningConfiguration" not in bucket
    assert list(stack.of_type("AWS::S3::Bucket")) == ["FramesBucket"]


def test_the_bucket_refuses_what_is_not_encrypted_on_its_way(stack: Stack) -> None:
    [policy] = stack.of_type("AWS::S3::BucketPolicy").values()
    assert short(policy["Bucket"]) == "FramesBucket"
    [deny] = statements(policy["PolicyDocument"])
    assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", "s3:*")
    assert [short(it) for it in deny["Resource"]] == ["FramesBucket", "FramesBucket/*"]
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_table_is_paid_by_use_forgets_marks_and_can_be_restored(stack: Stack) -> None:
    [table] = stack.of_type("AWS::DynamoDB::Table").values()
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    keys = [(it["AttributeName"], it["KeyType"]) for it in table["KeySchema"]]
    assert keys == [("kind", "HASH"), ("key", "RANGE")]
    assert {it["AttributeName"]: it["AttributeType"] for it in table["AttributeDefinitions"]} == {
        "kind": "S",
        "key": "S",
    }
    assert "StreamSpecification" not in table
    assert "GlobalSecondaryIndexes" not in table


def named(properties: dict[str, Any]) -> set[str]:
    return {"TableName", "BucketName", "QueueName", "FunctionName", "RoleName", "ManagedPolicyName"} & set(
        properties
    )


def test_two_stacks_can_live_side_by_side(stack: Stack) -> None:
    made = (
        it
        for name, it in stack.resources.items()
        if it["Type"] not in ("AWS::Lambda::EventSourceMapping", "AWS::Lambda::Permission")
    )
    assert all(not named(it.get("Properties", {})) for it in made)
    for group in stack.of_type("AWS::Logs::LogGroup").values():
        assert "AWS::StackName" in short(group["LogGroupName"])


def test_images_outlive_the_stack_and_nothing_else_does(stack: Stack) -> None:
    kept = {name for name, it in stack.resources.items() if it.get("DeletionPolicy") == "Retain"}
    assert kept == {"FramesBucket"}

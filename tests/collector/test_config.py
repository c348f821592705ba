"""What the collector on its own needs is asked for in full, and at once."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from collector.config import read_cloud_settings, region_of
from functions.shared.errors import ConfigurationError
from tests.stack.cloud_template import partitions

GOOD = {
    "REPORTS_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/reports.fifo",
    "FRAMES_BUCKET": "frames-123",
}
ELSEWHERE = "http://127.0.0.1:4566/000000000000/reports.fifo"


def faults_of(**changed: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read_cloud_settings(GOOD | changed)
    return list(caught.value.faults)


def test_queue_and_bucket_are_enough() -> None:
    chosen = read_cloud_settings(GOOD)
    assert chosen.region == "eu-central-1"
    assert chosen.settings.reports_queue_url == GOOD["REPORTS_QUEUE_URL"]
    assert chosen.settings.frames_bucket == "frames-123"


def test_reports_are_timed_for_looks_only_if_the_interval_is_set_here() -> None:
    assert read_cloud_settings(GOOD).inspection_interval is None
    assert read_cloud_settings(GOOD | {"AI_CHECK_INTERVAL_SECONDS": " "}).inspection_interval is None
    assert read_cloud_settings(GOOD | {"AI_CHECK_INTERVAL_SECONDS": "900"}).inspection_interval == 900


def test_all_faults_come_together() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_cloud_settings({"STATUS_TIMEOUT_SECONDS": "soon"}, lambda: ["a key is missing"])
    faults = "\n".join(caught.value.faults)
    for name in ("STATUS_TIMEOUT_SECONDS", "REPORTS_QUEUE_URL", "FRAMES_BUCKET", "a key is missing"):
        assert name in faults
    assert len(caught.value.faults) == 4


def test_a_queue_of_another_kind_is_refused() -> None:
    (fault,) = faults_of(REPORTS_QUEUE_URL=GOOD["REPORTS_QUEUE_URL"].removesuffix(".fifo"))
    assert "FIFO" in fault


@pytest.mark.parametrize("bucket", ["s3://frames", "Frames", "a", "frames/images", "x" * 64])
def test_a_bucket_that_is_none_is_refused(bucket: str) -> None:
    (fault,) = faults_of(FRAMES_BUCKET=bucket)
    assert "FRAMES_BUCKET" in fault


def test_the_region_is_asked_for_when_the_url_names_none() -> None:
    (fault,) = faults_of(REPORTS_QUEUE_URL=ELSEWHERE)
    assert "AWS_DEFAULT_REGION" in fault
    chosen = read_cloud_settings(
        GOOD | {"REPORTS_QUEUE_URL": ELSEWHERE, "AWS_DEFAULT_REGION": "us-gov-west-1"}
    )
    assert chosen.region == "us-gov-west-1"


def test_the_url_knows_the_region_better_than_the_environment() -> None:
    assert read_cloud_settings(GOOD | {"AWS_DEFAULT_REGION": "us-east-1"}).region == "eu-central-1"


@pytest.mark.parametrize(
    ("url", "region"),
    [
        ("https://sqs.cn-north-1.amazonaws.com.cn/1/q.fifo", "cn-north-1"),
        ("https://sqs-fips.us-east-1.amazonaws.com/1/q.fifo", "us-east-1"),
        ("https://sqs.eu-west-1.api.aws/1/q.fifo", "eu-west-1"),
        ("https://sqs.eu-west-1.amazonaws.com.example.org/1/q.fifo", None),
    ],
)
def test_the_region_of_a_queue(url: str, region: str | None) -> None:
    assert region_of(url) == region


@pytest.mark.parametrize("partition", partitions(), ids=lambda it: it["id"])
def test_the_region_of_a_queue_is_known_wherever_aws_is(partition: dict[str, Any]) -> None:
    regions = [region for region in partition["regions"] if not region.endswith("-global")]
    assert regions
    for region in regions:
        for suffix in (partition["outputs"]["dnsSuffix"], partition["outputs"]["dualStackDnsSuffix"]):
            url = f"https://sqs.{region}.{suffix}/1/q.fifo"
            assert read_cloud_settings(GOOD | {"REPORTS_QUEUE_URL": url}).region == region


@given(st.text())
@example("http://[::1")
@example("https://sqs..amazonaws.com/1/q.fifo")
def test_any_text_is_searched_for_a_region(url: str) -> None:
    assert region_of(url) is None


@given(st.text(), st.text())
@example("http://[::1", "x")
def test_any_text_is_refused_with_words(url: str, bucket: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_cloud_settings({"REPORTS_QUEUE_URL": url, "FRAMES_BUCKET": bucket})
    assert all(caught.value.faults)

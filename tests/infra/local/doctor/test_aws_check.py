"""In cloud mode the doctor says whose credentials they are and what they may not do, and harms nothing."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import boto3
import pytest

from functions.shared.aws.errors import fault_of
from functions.shared.domain.keys import COLLECTORS, belongs_to, is_key, taken_at_of
from functions.shared.messages.report import decode_report
from functions.tracker.evaluation import Rules
from functions.tracker.service import TrackerService
from infra.local.doctor.aws_check import (
    evaluate_refusal,
    harmless_report,
    new_frame_key,
    newest_frame_key,
    run,
)
from infra.local.doctor.findings import Finding
from infra.local.storage.database import SqliteDatabase
from infra.local.storage.queue import SqliteQueue
from infra.local.storage.records import SqliteRecordStore
from tests.infra.local.doctor.aws_edge import BUCKET, make_places, make_user
from tests.infra.local.doctor.examined import FAULT, FINE, found_by, outcomes
from tests.support.aws.places import REGION, ministack
from tests.support.consuming import consume


@pytest.fixture(scope="module")
def queue_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTH", "true")
        with ministack(tmp_path_factory.mktemp("aws")):
            yield make_places()


@pytest.fixture(scope="module")
def edge(queue_url: str) -> Mapping[str, str]:
    return make_user("edge")


def stored_frames() -> set[str]:
    found = boto3.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="images/doctor~rights/check/")
    return {item["Key"] for item in found.get("Contents", [])}


def look(credentials: Mapping[str, str], queue_url: str, bucket: str = BUCKET) -> dict[str, Finding]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in credentials.items():
            patch.setenv(name, value)
        given = {"REPORTS_QUEUE_URL": queue_url, "FRAMES_BUCKET": bucket}
        return found_by(run, given, is_cloud=True, region=REGION)


def test_the_edge_s_own_policy_is_enough(queue_url: str, edge: Mapping[str, str]) -> None:
    found = look(edge, queue_url)
    assert outcomes(found) == {
        "credentials": FINE,
        "queue": FINE,
        "bucket, images/": FINE,
        "bucket, latest/": FINE,
    }
    assert found["credentials"].found.endswith(":user/edge")


def test_what_is_left_behind_is_a_report_and_a_frame_for_each_look_that_go_by_themselves(
    queue_url: str, edge: Mapping[str, str]
) -> None:
    sqs, s3 = boto3.client("sqs"), boto3.client("s3")
    sqs.purge_queue(QueueUrl=queue_url)
    before = stored_frames()
    look(edge, queue_url)
    look(edge, queue_url)
    new = stored_frames() - before
    assert len(new) == 2  # nothing is overwritten there
    for key in new:
        tags = s3.get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"]
        assert tags == [{"Key": "kind", "Value": "frame"}]  # by which the lifecycle removes it
    others = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert {item["Key"] for item in others} - stored_frames() == {newest_frame_key()}
    (message, *_) = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10)["Messages"]
    assert decode_report(message["Body"]).sequence == -1


@pytest.mark.parametrize(
    ("lacks", "wrong"),
    [
        ({"may_send": False}, {"queue"}),
        ({"prefixes": ("images",)}, {"bucket, latest/"}),
        ({"prefixes": ("latest",)}, {"bucket, images/"}),
    ],
    ids=["SendMessage", "PutObject on latest", "PutObject on images"],
)
def test_a_right_that_is_missing_is_found(
    queue_url: str, lacks: dict[str, bool], wrong: set[str], request: pytest.FixtureRequest
) -> None:
    """PutObjectTagging too is needed for `images/`, but MiniStack does not ask for it at a PUT."""
    user = request.node.callspec.id.replace(" ", "-")
    found = look(make_user(user, **lacks), queue_url)  # type: ignore[arg-type]
    assert {subject for subject, finding in found.items() if finding.outcome is FAULT} == wrong
    for subject in wrong:
        assert "policy" in found[subject].advice


def test_credentials_that_are_refused_are_said_once(queue_url: str) -> None:
    found = look({"AWS_ACCESS_KEY_ID": "AKIANOBODYKNOWSIT", "AWS_SECRET_ACCESS_KEY": "none-of-it"}, queue_url)
    assert list(found) == ["credentials"]
    assert "AWS_ACCESS_KEY_ID" in found["credentials"].advice
    assert "none-of-it" not in str(found)


def test_a_queue_and_a_bucket_that_are_not_there_are_named(queue_url: str, edge: Mapping[str, str]) -> None:
    found = look(edge, queue_url.replace("reports.fifo", "gone.fifo"), "no-such-bucket-anywhere")
    assert outcomes(found)["queue"] is FAULT
    assert "ReportsQueueUrl" in found["queue"].advice
    assert outcomes(found)["bucket, images/"] is FAULT


@pytest.mark.parametrize("code", ["RequestTimeTooSkewed", "SignatureDoesNotMatch"])
def test_a_clock_that_is_wrong_is_said_in_plain_words(code: str) -> None:
    message = "Signature expired: 20250101T000000Z is now earlier than 20250101T010000Z"
    finding = evaluate_refusal("credentials", fault_of("GetCallerIdentity", code, message, 403))
    assert finding.outcome is FAULT
    assert "clock is wrong" in finding.found
    assert "timedatectl" in finding.advice


def test_the_tracker_keeps_nothing_of_the_report(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "state.sqlite3")
    now = 1_800_000_000.0

    def queue(name: str) -> SqliteQueue:
        return SqliteQueue(database, name, True, 30.0, 3, lambda: now)

    reports, notifications = queue("reports"), queue("notifications")
    records = SqliteRecordStore(database, lambda: now)
    tracker = TrackerService(
        records,
        notifications,
        queue("timelapses"),
        None,
        Rules(progress_step=5, photo_interval=0, inspection_interval=None, silence_grace=0),
        "chat",
        lambda: now,
    )
    assert list(reports.send([harmless_report()])) == []
    consume(reports, tracker, reports.receive())
    assert reports.receive() == []
    assert notifications.receive() == []
    assert list(records.list(COLLECTORS)) == []
    database.close()


def test_the_files_lie_where_no_printer_s_can() -> None:
    frame = new_frame_key()
    assert frame != new_frame_key()
    assert is_key(frame)
    assert is_key(newest_frame_key())
    assert taken_at_of(frame) is not None
    for name in ("doctor", "doctor~rights", "doctor-rights", "doctor rights"):
        assert not belongs_to(frame, name)
        assert not belongs_to(newest_frame_key(), name)

"""Each site's collector has credentials of its own, which reach nothing of another's."""

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.shared.aws.dynamodb import DynamoRecordStore
from functions.shared.aws.senders import Senders
from functions.shared.domain.keys import job_prefix, latest_key
from infra import edge_user
from infra.edge_user import main, make_edge_user, narrowed
from tests.stack.cloud_template import Stack, listed, short
from tests.support.aws.places import REGION, aws_environment, make_table
from tests.support.clock import HandClock


def policy() -> dict[str, Any]:
    """The stack's policy of the edge, as AWS has it."""
    document = Stack().properties("EdgePolicy")["PolicyDocument"]
    arns = {"ReportsQueue": f"arn:aws:sqs:{REGION}:123456789012:reports.fifo"}
    statements = [
        {
            **it,
            "Resource": [
                arns.get(short(each), f"arn:aws:s3:::{short(each)}") for each in listed(it["Resource"])
            ],
        }
        for it in document["Statement"]
    ]
    return {**document, "Statement": statements}


class Session:
    """A session in which the stack is described, as moto's stacks need libraries of their own."""

    def __init__(self, outputs: dict[str, str], table: str) -> None:
        self._outputs, self.table = outputs, table

    def client(self, service: str) -> Any:
        return self if service == "cloudformation" else boto3.client(service, region_name=REGION)  # type: ignore[call-overload]

    def describe_stacks(self, **_: str) -> Any:
        found = [{"OutputKey": name, "OutputValue": value} for name, value in self._outputs.items()]
        return {"Stacks": [{"Outputs": found}]}

    def describe_stack_resource(self, StackName: str, LogicalResourceId: str) -> Any:  # noqa: N803
        assert (StackName, LogicalResourceId) == ("workshop", "Table")
        return {"StackResourceDetail": {"PhysicalResourceId": self.table}}


@pytest.fixture
def session() -> Iterator[Session]:
    with aws_environment(), mock_aws():
        iam = boto3.client("iam", region_name=REGION)
        arn = iam.create_policy(PolicyName="edge", PolicyDocument=json.dumps(policy()))["Policy"]["Arn"]
        outputs = {"ReportsQueueUrl": "https://queue/reports.fifo", "FramesBucketName": "frames"}
        table = make_table(boto3.client("dynamodb", region_name=REGION))
        yield Session({**outputs, "EdgePolicyArn": arn}, table)


def test_a_site_gets_a_user_its_policy_a_key_and_a_line_in_the_table(session: Session) -> None:
    clock = HandClock()
    made = make_edge_user(session, "workshop", "berlin", clock)
    assert made["SITE"] == "berlin"
    assert made["REPORTS_QUEUE_URL"] == "https://queue/reports.fifo"
    assert made["FRAMES_BUCKET"] == "frames"
    iam = session.client("iam")
    user = iam.get_user(UserName="workshop-edge-berlin")["User"]
    keys = iam.list_access_keys(UserName="workshop-edge-berlin")["AccessKeyMetadata"]
    assert [key["AccessKeyId"] for key in keys] == [made["AWS_ACCESS_KEY_ID"]]
    assert iam.get_user_policy(UserName="workshop-edge-berlin", PolicyName="site")[
        "PolicyDocument"
    ] == narrowed(policy(), "berlin")
    records = DynamoRecordStore(session.client("dynamodb"), session.table, clock)
    assert Senders(records, clock).site_of(user["UserId"]) == "berlin"
    again = make_edge_user(session, "workshop", "berlin", clock)
    assert again["AWS_ACCESS_KEY_ID"] != made["AWS_ACCESS_KEY_ID"]
    assert Senders(records, clock).site_of(user["UserId"]) == "berlin"


def test_its_policy_reaches_the_folders_of_its_own_printers_and_no_other() -> None:
    document = narrowed(policy(), "berlin")
    places = [place for it in document["Statement"] for place in it["Resource"] if ":s3:" in place]

    def reaches(key: str) -> bool:
        return any(fnmatchcase(f"arn:aws:s3:::FramesBucket/{key}", place) for place in places)

    for name in ("A1M-1", "a/b", "打印机", "..", "x" * 200):
        for key in (job_prefix(f"berlin.{name}", "benchy") + "frame.jpg", latest_key(f"berlin.{name}")):
            assert reaches(key), key
        for other in ("", "paris.", "berlin2.", "berli."):
            assert not reaches(job_prefix(f"{other}{name}", "benchy") + "frame.jpg")
            assert not reaches(latest_key(f"{other}{name}"))
    assert [it.get("Condition") for it in document["Statement"]] == [
        it.get("Condition") for it in policy()["Statement"]
    ], "what it may do there is as narrow as before"
    actions = {action for it in document["Statement"] for action in listed(it["Action"])}
    assert actions == {
        "sqs:SendMessage",
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "s3:PutObject",
        "s3:PutObjectTagging",
    }


def test_a_place_that_is_not_known_is_not_given_to_anybody() -> None:
    with pytest.raises(LookupError, match="not known here"):
        narrowed({"Statement": [{"Resource": "arn:aws:s3:::FramesBucket/images/x"}]}, "berlin")


def test_what_the_collector_needs_is_printed_to_be_pasted(
    session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "samconfig.toml").write_text('[default.global.parameters]\nstack_name = "workshop"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(boto3, "Session", lambda **_: session)
    assert main(["berlin"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("=")[0] for line in lines] == [
        "SITE",
        "REPORTS_QUEUE_URL",
        "FRAMES_BUCKET",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    ]


def test_a_name_that_is_none_and_a_stack_that_is_not_there_are_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["Berlin!"]) == 1
    assert "small letters" in capsys.readouterr().err

    def nowhere(*_: object) -> dict[str, str]:
        raise LookupError("it has no output EdgePolicyArn")

    monkeypatch.setattr(edge_user, "make_edge_user", nowhere)
    monkeypatch.setattr(boto3, "Session", lambda **_: None)
    assert main(["berlin"]) == 1
    assert "No user for the site berlin: it has no output EdgePolicyArn" in capsys.readouterr().err

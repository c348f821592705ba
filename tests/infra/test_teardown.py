"""A stack whose edge policy is attached can be torn down."""

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from infra import teardown
from tests.support.timeouts import TIMEOUT

ROOT = Path(__file__).parents[2]
DOCUMENT = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}],
}


@pytest.fixture
def deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A stack of that name with the policy attached to a user, a role and a group."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "samconfig.toml").write_text(
        '[default.global.parameters]\nstack_name = "workshop"\n'
        '[default.deploy.parameters]\nregion = "eu-central-1"\n',
        encoding="utf-8",
    )
    with mock_aws():
        iam = boto3.client("iam", "eu-central-1")
        policy = iam.create_policy(PolicyName="edge", PolicyDocument=json.dumps(DOCUMENT))["Policy"]["Arn"]
        monkeypatch.setattr(
            teardown, "output_of", lambda *_: policy
        )  # moto's stacks need libraries of their own
        iam.create_user(UserName="printer-edge")
        iam.attach_user_policy(UserName="printer-edge", PolicyArn=policy)
        iam.create_role(RoleName="pi", AssumeRolePolicyDocument=json.dumps(DOCUMENT))
        iam.attach_role_policy(RoleName="pi", PolicyArn=policy)
        iam.create_group(GroupName="edges")
        iam.attach_group_policy(GroupName="edges", PolicyArn=policy)
        yield iam, policy


def test_the_policy_is_taken_off_before_the_stack_is_deleted(
    deployed: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    iam, policy = deployed
    sam = tmp_path / "sam"
    sam.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\n', encoding="utf-8")
    sam.chmod(0o755)
    assert teardown.main(["--yes", "--sam", str(sam)]) == 0
    said = capsys.readouterr().out
    assert [word for word in ("user printer-edge", "role pi", "group edges") if word not in said] == []
    left = iam.list_entities_for_policy(PolicyArn=policy)
    assert (left["PolicyUsers"], left["PolicyRoles"], left["PolicyGroups"]) == ([], [], [])
    asked = (tmp_path / "asked").read_text(encoding="utf-8").split()
    assert asked == ["delete", "--stack-name", "workshop", "--no-prompts", "--region", "eu-central-1"]


def test_nothing_happens_without_a_yes(deployed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    iam, policy = deployed
    monkeypatch.setattr("builtins.input", lambda _: "")
    assert teardown.main(["--sam", "/nowhere"]) == 1
    assert len(iam.list_entities_for_policy(PolicyArn=policy)["PolicyUsers"]) == 1


def test_the_policy_is_found_among_the_outputs_of_the_stack() -> None:
    cloud = boto3.client(
        "cloudformation", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    stack = {
        "StackName": "workshop",
        "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
        "StackStatus": "CREATE_COMPLETE",
    }
    outputs = [
        {"OutputKey": "ApiUrl", "OutputValue": "x"},
        {"OutputKey": "EdgePolicyArn", "OutputValue": "arn:p"},
    ]
    with Stubber(cloud) as stubber:
        stubber.add_response(
            "describe_stacks", {"Stacks": [stack | {"Outputs": outputs}]}, {"StackName": "workshop"}
        )
        assert teardown.output_of(cloud, "workshop", "EdgePolicyArn") == "arn:p"
        stubber.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": "workshop"})
        with pytest.raises(LookupError, match="no output EdgePolicyArn"):
            teardown.output_of(cloud, "workshop", "EdgePolicyArn")


def test_an_aws_that_cannot_be_reached_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    assert teardown.main(["--yes", "--sam", "/nowhere"]) == 1
    assert "The stack printer-bridge cannot be torn down" in capsys.readouterr().err


def test_what_sam_writes_down_is_outside_of_git() -> None:
    """`sam deploy --guided` rewrites samconfig.toml: a file of git's would be in the way of the next pull."""
    tracked = subprocess.run(
        ["git", "ls-files", "--error-unmatch", "samconfig.toml"],
        cwd=ROOT,
        capture_output=True,
        timeout=TIMEOUT,
        check=False,
    )
    ignored = subprocess.run(
        ["git", "check-ignore", "samconfig.toml"], cwd=ROOT, capture_output=True, timeout=TIMEOUT, check=False
    )
    if ignored.returncode == 128:
        pytest.skip("not a git repository")
    assert (tracked.returncode, ignored.returncode) == (1, 0)
    assert teardown.deployed_as(ROOT / "infra/samconfig.toml") == ("printer-bridge", None)

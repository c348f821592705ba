"""Rights as MiniStack (1.5.33, AUTH=true) enforces them, and the three things in which it differs from AWS.

- It speaks plain HTTP, which the stack refuses for its bucket and queues: those two rules are taken off, once
  it was seen that they refuse. (Whoever takes them off says that TLS ended at a proxy before.)
- It asks for `sqs:SendMessageBatch` where AWS asks for `sqs:SendMessage`, and so for the other batches: who
  may do the one is allowed the other. Source: Amazon SQS Developer Guide, "Amazon SQS API permissions".
- Of a PUT to S3 it does not see which tags and which `If-None-Match` it has: those conditions are taken off
  (what they come to: `tests/stack/test_writes.py`).
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import boto3
from botocore.exceptions import ClientError

from tests.support.aws.places import REGION, listen

EDGE_USER: Final = "edge"
_NOT_SEEN: Final = ("s3:if-none-match", "s3:RequestObjectTag/", "s3:ExistingObjectTag/")
_BATCHES: Final = ("sqs:SendMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility")


def make_edge_user(policy_arn: str) -> dict[str, str]:
    """As in infra/docs/operations.md, "Edge credentials": a user with the stack's policy, and a key;
    the variables of the collector.
    """
    iam = boto3.client("iam")
    iam.create_user(UserName=EDGE_USER)
    iam.attach_user_policy(UserName=EDGE_USER, PolicyArn=policy_arn)
    key = iam.create_access_key(UserName=EDGE_USER)["AccessKey"]
    return {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        "AWS_DEFAULT_REGION": REGION,
    }


def client_of(credentials: Mapping[str, str], service: str) -> Any:
    """What somebody with these credentials asks with."""
    session = boto3.Session(
        credentials["AWS_ACCESS_KEY_ID"], credentials["AWS_SECRET_ACCESS_KEY"], region_name=REGION
    )
    return session.client(service)  # type: ignore[call-overload]


def refusal(ask: Any, **wish: Any) -> str:
    """Why AWS refuses that call; empty when it does not."""
    try:
        ask(**wish)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("AccessDenied", "AccessDeniedException"):
            raise
        return str(error)
    return ""


def open_to_plain_http(stack_name: str, bucket: str) -> None:
    """Take off the rules of the bucket and the queues that ask for TLS."""
    boto3.client("s3").delete_bucket_policy(Bucket=bucket)
    sqs = boto3.client("sqs")
    listen(sqs, "before-sign.sqs", _by_tls)
    for url in _ids(stack_name, "AWS::SQS::Queue"):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})


def allow_batches(stack_name: str, edge_policy_arn: str) -> None:
    """Who may send, delete or hand back a message may do so by tens, as in AWS; conditions that are not seen
    are taken off.
    """
    iam = boto3.client("iam")
    for role in _ids(stack_name, "AWS::IAM::Role"):
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=_with_batches(document))
    version = iam.get_policy(PolicyArn=edge_policy_arn)["Policy"]["DefaultVersionId"]
    answer = iam.get_policy_version(PolicyArn=edge_policy_arn, VersionId=version)
    document = answer["PolicyVersion"]["Document"]
    iam.put_user_policy(UserName=EDGE_USER, PolicyName="batches", PolicyDocument=_with_batches(document))


def _with_batches(document: Any) -> str:
    policy = json.loads(document) if isinstance(document, str) else document
    for statement in policy["Statement"]:
        actions = statement["Action"]
        actions = [actions] if isinstance(actions, str) else list(actions)
        statement["Action"] = actions + [f"{action}Batch" for action in actions if action in _BATCHES]
        if any(key.startswith(_NOT_SEEN) for part in statement.get("Condition", {}).values() for key in part):
            del statement["Condition"]
    return json.dumps(policy)


def _ids(stack_name: str, kind: str) -> list[str]:
    found = boto3.client("cloudformation").describe_stack_resources(StackName=stack_name)["StackResources"]
    return [resource["PhysicalResourceId"] for resource in found if resource["ResourceType"] == kind]


def _by_tls(request: Any, **_: object) -> None:
    request.headers["x-forwarded-proto"] = "https"

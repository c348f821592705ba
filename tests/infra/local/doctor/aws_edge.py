"""A queue and a bucket in an AWS emulator, and users with the edge's policy or less."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import boto3

from tests.support.aws.places import make_bucket, make_queue

BUCKET: Final = "frames-of-the-edge"
_PREFIXES: Final = ("images", "latest")


def make_places() -> str:
    """The bucket, and a FIFO queue: its URL."""
    make_bucket(boto3.client("s3"), BUCKET)
    return make_queue(boto3.client("sqs"), "reports.fifo")


def make_user(name: str, *, may_send: bool = True, prefixes: Sequence[str] = _PREFIXES) -> Mapping[str, str]:
    """What `template.yaml` allows the edge, or less of it; the variables of a collector.

    MiniStack asks for SendMessageBatch where AWS asks for SendMessage (`tests/stack/deployed/rights.py`).
    """
    bucket = f"arn:aws:s3:::{BUCKET}"
    statements = [
        {"Effect": "Allow", "Action": "s3:PutObject", "Resource": [f"{bucket}/{prefix}/*"]}
        for prefix in prefixes
    ]
    statements.append(
        {"Effect": "Allow", "Action": "s3:PutObjectTagging", "Resource": [f"{bucket}/images/*"]}
    )
    if may_send:
        actions: Any = ["sqs:SendMessage", "sqs:SendMessageBatch"]
        statements.append({"Effect": "Allow", "Action": actions, "Resource": ["*"]})
    iam = boto3.client("iam")
    iam.create_user(UserName=name)
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName=name, PolicyName="edge", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

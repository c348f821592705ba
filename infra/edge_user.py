"""`make edge-user NAME=berlin`: credentials for the collector of one site, which reach nothing of another.

The stack makes no user and no key, so this does: a user with the stack's policy of the edge, narrowed to the
folders of the site's printers, and a line in the table that says whose its reports are (the tracker refuses
those on others' printers). Done again it mends what is missing and makes another key.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from functions.shared.aws.dynamodb import DynamoRecordStore
from functions.shared.domain.keys import sender_key
from functions.shared.domain.sites import SITE_LIMIT, is_site, key_beginnings
from functions.shared.records import update
from functions.shared.runtime.clocks import Clock
from infra.teardown import deployed_as, output_of

_POLICY = "site"
_OUTPUTS = {"REPORTS_QUEUE_URL": "ReportsQueueUrl", "FRAMES_BUCKET": "FramesBucketName"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0: made, and what the collector needs is printed; 1: it cannot be made, and why."""
    import time

    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    parser = argparse.ArgumentParser(prog="make edge-user", description="A key for one site's collector.")
    parser.add_argument("name", help=f"of the site: 1 to {SITE_LIMIT} small letters and digits")
    site = parser.parse_args(arguments).name
    if not is_site(site):
        sys.stderr.write(
            f"NAME must be 1 to {SITE_LIMIT} small letters (a to z) and digits, such as NAME=berlin\n"
        )
        return 1
    stack, region = deployed_as(Path("samconfig.toml"))
    try:
        lines = make_edge_user(boto3.Session(region_name=region), stack, site, time.time)
    except (BotoCoreError, ClientError, LookupError) as error:
        sys.stderr.write(f"No user for the site {site}: {error}\n")
        return 1
    sys.stdout.write("".join(f"{name}={value}\n" for name, value in lines.items()))
    return 0


def make_edge_user(session: Any, stack: str, site: str, clock: Clock) -> dict[str, str]:
    """The variables of that site's collector. Raises LookupError, ClientError, BotoCoreError."""
    cloudformation, iam = session.client("cloudformation"), session.client("iam")
    outputs = {name: output_of(cloudformation, stack, output) for name, output in _OUTPUTS.items()}
    policy = _document(iam, output_of(cloudformation, stack, "EdgePolicyArn"))
    table = cloudformation.describe_stack_resource(StackName=stack, LogicalResourceId="Table")
    table_name = table["StackResourceDetail"]["PhysicalResourceId"]
    user = f"{stack}-edge-{site}"
    user_id = _user_id(iam, user)
    iam.put_user_policy(UserName=user, PolicyName=_POLICY, PolicyDocument=json.dumps(narrowed(policy, site)))
    # Before there is a key: one without a site would reach them all.
    records = DynamoRecordStore(session.client("dynamodb"), table_name, clock)
    update(records, sender_key(user_id), dict, dict, lambda _: {"site": site})
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return {
        "SITE": site,
        **outputs,
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }


def narrowed(document: Mapping[str, Any], site: str) -> dict[str, Any]:
    """The policy of the edge with the folders of that site's printers in place of all folders."""
    statements = []
    for statement in document["Statement"]:
        resources = statement["Resource"]
        resources = [resources] if isinstance(resources, str) else list(resources)
        statements.append(
            {**statement, "Resource": [it for each in resources for it in _of_site(each, site)]}
        )
    return {**document, "Statement": statements}


def _of_site(resource: str, site: str) -> list[str]:
    folder, slash, rest = resource.rpartition("/")
    if not slash:  # the queue: whose reports they are the tracker sees
        return [resource]
    if rest != "*":
        raise LookupError(f"the stack's policy of the edge has a place that is not known here: {resource}")
    return [f"{folder}/{beginning}*" for beginning in key_beginnings(site)]


def _document(iam: Any, policy_name: str) -> dict[str, Any]:
    version = iam.get_policy(PolicyArn=policy_name)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=policy_name, VersionId=version)["PolicyVersion"]["Document"]
    found: dict[str, Any] = json.loads(document) if isinstance(document, str) else document
    return found


def _user_id(iam: Any, user: str) -> str:
    """Of the user, who is made if he is not there."""
    try:
        found: str = iam.get_user(UserName=user)["User"]["UserId"]
    except iam.exceptions.NoSuchEntityException:
        found = iam.create_user(UserName=user)["User"]["UserId"]
    return found


if __name__ == "__main__":
    sys.exit(main())

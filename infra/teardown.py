"""`make teardown`: takes the edge's policy off whoever has it, then deletes the stack with `sam delete`.

CloudFormation cannot delete a policy that is attached, and to whom a person has attached it is not in the
stack.
"""

import argparse
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from functions.shared.runtime.child_environment import child_environment

_EDGE_POLICY = "EdgePolicyArn"
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0: deleted, 1: it cannot be (why is said); `sam` asks before it deletes anything."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    parser = argparse.ArgumentParser(prog="make teardown", description="Deletes the stack; the bucket stays.")
    parser.add_argument("--sam", default=str(Path(sys.executable).with_name("sam")), help="the program sam")
    parser.add_argument("--yes", action="store_true", help="ask nothing")
    asked = parser.parse_args(arguments)
    stack, region = deployed_as(Path("samconfig.toml"))
    question = (
        f"Delete the stack {stack} in {region or 'the region of your profile'}? The bucket stays. [y/N] "
    )
    if not asked.yes and input(question).strip().lower() != "y":
        return 1
    try:
        session = boto3.Session(region_name=region)
        policy = output_of(session.client("cloudformation"), stack, _EDGE_POLICY)
        for entity in detach(session.client("iam"), policy):
            sys.stdout.write(f"The edge's policy is taken off {entity}\n")
    except (BotoCoreError, ClientError, LookupError) as error:
        sys.stderr.write(f"The stack {stack} cannot be torn down: {error}\n")
        return 1
    command = [asked.sam, "delete", "--stack-name", stack, "--no-prompts"]
    command += ["--region", region] if region else []
    environment = child_environment(None, *_PROXIES, prefixes=("AWS_", "SAM_CLI_"))
    return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603 - our own words


def deployed_as(config: Path) -> tuple[str, str | None]:
    """Name and region of the stack, as `sam deploy --guided` has written them down."""
    try:
        read = tomllib.loads(config.read_text(encoding="utf-8"))["default"]
    except FileNotFoundError:
        read = {}
    parts = [read.get(part, {}).get("parameters", {}) for part in ("deploy", "global")]
    merged = parts[1] | parts[0]
    return merged.get("stack_name", "printer-bridge"), merged.get("region")


def output_of(cloudformation: Any, stack: str, name: str) -> str:
    """Raises LookupError when the stack has no such output."""
    (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    for output in found.get("Outputs", []):
        if output["OutputKey"] == name:
            value: str = output["OutputValue"]
            return value
    raise LookupError(f"it has no output {name}")


def detach(iam: Any, policy: str) -> list[str]:
    """Take a policy off every user, role and group that has it; who that was."""
    done = []
    for page in iam.get_paginator("list_entities_for_policy").paginate(PolicyArn=policy):
        for user in page["PolicyUsers"]:
            iam.detach_user_policy(UserName=user["UserName"], PolicyArn=policy)
            done.append(f"the user {user['UserName']}")
        for role in page["PolicyRoles"]:
            iam.detach_role_policy(RoleName=role["RoleName"], PolicyArn=policy)
            done.append(f"the role {role['RoleName']}")
        for group in page["PolicyGroups"]:
            iam.detach_group_policy(GroupName=group["GroupName"], PolicyArn=policy)
            done.append(f"the group {group['GroupName']}")
    return done


if __name__ == "__main__":
    sys.exit(main())

"""AWS is not one: China, GovCloud and others have ARNs and addresses of their own.

What they are is read from botocore, which knows every partition.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.stack.cloud_template import EVERYTHING_ON, ROOT, Stack, partitions, short

REGIONS: dict[str, str] = {it["id"]: it["outputs"]["implicitGlobalRegion"] for it in partitions()}
SUFFIXES = {it["outputs"][kind] for it in partitions() for kind in ("dnsSuffix", "dualStackDnsSuffix")}
ALL_OF_IT = EVERYTHING_ON | {"SetApiLogRole": "true"}
# AWS Management Console: its addresses are in no library.
CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
# What calls a function is named alike in all of them. Source: AWS CDK, "region-info", service principals.
PRINCIPALS = {f"{service}.amazonaws.com" for service in ("lambda", "events", "apigateway")}
KNOWS_ALL_SUFFIXES = Path("collector/config.py")


@pytest.fixture(params=sorted(REGIONS), scope="module")
def stack(request: pytest.FixtureRequest) -> Stack:
    return Stack(region=REGIONS[request.param], **ALL_OF_IT)


def texts(stack: Stack) -> Iterator[str]:
    """Every text of the stack with what AWS puts in: partition, region, account, suffix."""
    for text in _texts([stack.resources, stack.outputs]):
        yield re.sub(r"\$\{(AWS::\w+)\}", lambda it: stack.pseudo.get(it[1], it[0]), text)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def test_every_arn_is_of_the_partition_in_which_the_stack_is(stack: Stack) -> None:
    found = [partition for text in texts(stack) for partition in re.findall(r"\barn:([^:]*):", text)]
    assert len(found) >= 5
    assert set(found) == {stack.pseudo["AWS::Partition"]}


def test_no_address_is_of_another_partition(stack: Stack) -> None:
    hosts = {
        host for text in texts(stack) for host in re.findall(r"[\w.${}-]+\.(?:amazonaws|aws)\.[\w.-]+", text)
    }
    own = (f".{stack.pseudo['AWS::URLSuffix']}", CONSOLES.get(stack.pseudo["AWS::Partition"], "none"))
    assert {host for host in hosts if not host.endswith(own)} <= PRINCIPALS


def test_what_the_user_is_told_leads_into_the_same_partition(stack: Stack) -> None:
    partition, region = stack.pseudo["AWS::Partition"], stack.pseudo["AWS::Region"]
    told = {
        name: re.sub(r"AWS::\w+", lambda it: stack.pseudo[it[0]], short(output["Value"]))
        for name, output in stack.outputs.items()
    }
    suffix = stack.pseudo["AWS::URLSuffix"]
    assert told["ApiUrl"] == f"https://RestApi.execute-api.{region}.{suffix}/prod/api/"
    assert ("DashboardUrl" in told) is (partition in CONSOLES)
    if partition in CONSOLES:
        place = f"cloudwatch/home?region={region}#dashboards/dashboard/Dashboard"
        assert told["DashboardUrl"] == f"https://{CONSOLES[partition]}/{place}"


def programs() -> list[Path]:
    kinds = ("*.py", "*.sh", "*.html", "*.yaml", "Makefile", "Dockerfile", "*.service", "*.example")
    folders = [ROOT / name for name in ("collector", "functions", "infra")]
    return sorted({path for folder in folders for kind in kinds for path in folder.rglob(kind)})


def test_no_program_makes_an_arn_or_an_address_of_aws_by_itself() -> None:
    assert ROOT / KNOWS_ALL_SUFFIXES in programs()
    suffixes = "|".join(map(re.escape, SUFFIXES))
    for path in programs():
        code = path.read_text(encoding="utf-8")
        assert not re.search(r"\barn:", code), path
        if path != ROOT / KNOWS_ALL_SUFFIXES:
            code = code.replace("https://sqs.eu-central-1.amazonaws.com/000000000000/trial.fifo", "")
            assert not re.search(suffixes, code), path

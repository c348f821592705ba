"""Clients made with the lean loader speak to the very places, and sign as, botocore's own would."""

import os
import subprocess
import sys

import pytest
from botocore.exceptions import UnknownServiceError
from botocore.session import Session

from functions.shared.aws.clients import make_client
from functions.shared.aws.service_data import LeanLoader
from functions.shared.aws.service_models import OPERATIONS
from tests.support.aws.places import aws_environment
from tests.support.timeouts import TIMEOUT

# One region of each partition, one that is as new as any, and one that no list has.
REGIONS = (
    "us-east-1",
    "eu-central-1",
    "cn-north-1",
    "us-gov-west-1",
    "us-iso-east-1",
    "eusc-de-east-1",
    "eu-west-99",
)


@pytest.fixture(scope="module")
def sessions() -> tuple[Session, Session]:
    whole, lean = Session(), Session()
    lean.register_component("data_loader", LeanLoader())
    return whole, lean


@pytest.mark.parametrize("region", REGIONS)
def test_the_endpoint_and_the_signature_are_botocores(
    sessions: tuple[Session, Session], region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with aws_environment():
        monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
        for service in sorted(OPERATIONS):
            whole, lean = (make_client(service, region, session).meta for session in sessions)
            assert lean.endpoint_url == whole.endpoint_url
            assert lean.region_name == whole.region_name == region
            assert lean.partition == whole.partition
            assert lean.config.signature_version == whole.config.signature_version
            assert lean.config.s3 == whole.config.s3


def test_an_address_in_s3_is_signed_alike(sessions: tuple[Session, Session]) -> None:
    def signed(session: Session) -> str:
        client = make_client("s3", "eu-central-1", session)
        where, _, query = client.generate_presigned_url(
            "get_object", {"Bucket": "bucket", "Key": "k"}
        ).partition("?")
        return where + "&".join(sorted(part.partition("=")[0] for part in query.split("&")))

    with aws_environment():
        whole, lean = map(signed, sessions)
    assert lean == whole


def test_another_service_is_not_known() -> None:
    with pytest.raises(UnknownServiceError, match="dynamodb, s3, sqs, ssm"):
        LeanLoader().load_service_model("ec2", "service-2")


def test_clients_without_documentation_work_and_say_nothing_of_themselves() -> None:
    """In a process of its own: the texts are taken from all clients that it makes."""
    with aws_environment():
        environment = dict(os.environ)
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT_DOCUMENTATION],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        env=environment,
    )
    assert ended.stdout.splitlines() == ["['']", "get_object https eu-central-1", "[]"], ended.stderr


WITHOUT_DOCUMENTATION = """
import sys
from urllib.parse import urlsplit
from functions.shared.aws.clients import make_client
from functions.shared.aws.service_data import LeanLoader, leave_out_documentation
leave_out_documentation()
from botocore.session import Session
session = Session()
session.register_component("data_loader", LeanLoader())
clients = [make_client(it, "eu-central-1", session) for it in ("dynamodb", "s3", "sqs", "ssm")]
s3 = clients[1]
print(sorted({it.__doc__ for it in (s3.get_object, clients[0].query, clients[2].send_message)}))
s3.get_paginator("list_objects_v2")
signed = s3.generate_presigned_url("get_object", {"Bucket": "bucket", "Key": "k"})
print("get_object", urlsplit(signed).scheme, s3.meta.region_name)
print([it for it in sys.modules if it in ("html.parser", "botocore.docs.service", "botocore.docs.client")])
"""

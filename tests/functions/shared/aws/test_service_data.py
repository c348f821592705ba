"""Clients made with the lean loader speak to the very places, and sign as, botocore's own would."""

import os
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict
from botocore.exceptions import ClientError, UnknownServiceError
from botocore.handlers import BUILTIN_HANDLERS
from botocore.session import Session

from functions.shared.aws.clients import make_client
from functions.shared.aws.service_data import LeanLoader, concerns_ours, lean_session
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
    return Session(), lean_session()


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


class Sent(BaseException):
    """Ends a call before it is sent."""


PAGE = b"""<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult><EncodingType>url</EncodingType><Prefix>a%20b/</Prefix><IsTruncated>false</IsTruncated>
<Contents><Key>a%20b/%F0%9F%96%A8.jpg</Key><Size>3</Size></Contents></ListBucketResult>"""
MISSING = b"<Error><Code>NoSuchKey</Code><Message>it is not there</Message></Error>"
NOT_SENT_ALIKE = {"Authorization", "User-Agent", "X-Amz-Date", "amz-sdk-invocation-id"}
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("dynamodb", "get_item", {"TableName": "t", "Key": {"id": {"S": "1"}}, "ConsistentRead": True}),
    ("dynamodb", "put_item", {"TableName": "t", "Item": {"id": {"S": "1"}, "data": {"B": b"x"}}}),
    ("dynamodb", "query", {"TableName": "t", "KeyConditionExpression": "id = 1"}),
    ("s3", "put_object", {"Bucket": "b", "Key": "a b/ä?.jpg", "Body": b"x", "Tagging": "a=b"}),
    ("s3", "get_object", {"Bucket": "b.c", "Key": "k", "Range": "bytes=0-1"}),
    ("s3", "delete_object", {"Bucket": "b", "Key": "k"}),
    ("s3", "list_objects_v2", {"Bucket": "b", "Prefix": "a b/", "StartAfter": "ä"}),
    ("sqs", "send_message", {"QueueUrl": "http://q/1/a.fifo", "MessageBody": "x", "MessageGroupId": "g"}),
    ("sqs", "send_message_batch", {"QueueUrl": "http://q/1/a", "Entries": [{"Id": "1", "MessageBody": "x"}]}),
    ("ssm", "get_parameter", {"Name": "/n", "WithDecryption": True}),
]


@pytest.mark.parametrize(("service", "operation", "given"), CALLS, ids=[it[1] for it in CALLS])
def test_a_call_is_sent_alike(
    sessions: tuple[Session, Session], service: str, operation: str, given: dict[str, Any]
) -> None:
    def sent(session: Session) -> tuple[Any, ...]:
        found: list[AWSPreparedRequest] = []

        def stop(request: AWSPreparedRequest, **_: object) -> None:
            found.append(request)
            raise Sent

        client = make_client(service, "eu-central-1", session)
        client.meta.events.register("before-send", stop)
        with pytest.raises(Sent):
            getattr(client, operation)(**given)
        (request,) = found
        body: Any = request.body
        body = body.read() if hasattr(body, "read") else body
        headers = {name: it for name, it in request.headers.items() if name not in NOT_SENT_ALIKE}
        return request.method, request.url, headers, body

    with aws_environment():
        whole, lean = map(sent, sessions)
    assert lean == whole


@pytest.mark.parametrize(("status", "content"), [(200, PAGE), (404, MISSING)])
def test_an_answer_is_read_alike(sessions: tuple[Session, Session], status: int, content: bytes) -> None:
    def read(session: Session) -> Any:
        def answer(request: AWSPreparedRequest, **_: object) -> Any:
            headers: Any = HeadersDict({"x-amz-request-id": "1"})
            return AWSResponse(request.url, status, headers, Raw(content))

        client = make_client("s3", "eu-central-1", session)
        client.meta.events.register("before-send", answer)
        try:
            return client.list_objects_v2(Bucket="b")["Contents"]
        except ClientError as error:
            return type(error).__name__, error.response["Error"]

    with aws_environment():
        whole, lean = map(read, sessions)
    assert lean == whole
    assert lean == ([{"Key": "a b/🖨.jpg", "Size": 3}] if status == 200 else lean)


class Raw(BytesIO):
    """An answer as the connection gives it."""

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


def test_what_happens_to_calls_of_other_services_alone_is_left_out() -> None:
    ours = {name for name, *_ in BUILTIN_HANDLERS if concerns_ours(name)}
    others = {name for name, *_ in BUILTIN_HANDLERS} - ours
    assert {"before-call", "choose-signer", "before-parameter-build.s3.PutObject", "after-call.sqs.*"} <= ours
    assert {name.split(".")[0] for name in others if name.count(".") == 0} == set()
    done = [name for name in others if not name.startswith("docs.")]
    assert not any(service in name.split(".")[1:] for name in done for service in OPERATIONS)


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
from functions.shared.aws.service_data import lean_session, leave_out_documentation
leave_out_documentation()
session = lean_session()
clients = [make_client(it, "eu-central-1", session) for it in ("dynamodb", "s3", "sqs", "ssm")]
s3 = clients[1]
print(sorted({it.__doc__ for it in (s3.get_object, clients[0].query, clients[2].send_message)}))
s3.get_paginator("list_objects_v2")
signed = s3.generate_presigned_url("get_object", {"Bucket": "bucket", "Key": "k"})
print("get_object", urlsplit(signed).scheme, s3.meta.region_name)
print([it for it in sys.modules if it in ("html.parser", "botocore.docs.service", "botocore.docs.client")])
"""

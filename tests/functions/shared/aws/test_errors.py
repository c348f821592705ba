"""What AWS and the network answer, sorted: tried again, or set aside for good; and no secret in any text."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
)

from functions.shared.aws.clients import client_config, make_client
from functions.shared.aws.errors import translate, translated
from functions.shared.aws.s3 import S3FrameStore
from functions.shared.errors import (
    BridgeError,
    ConfigurationError,
    ConflictError,
    NotFoundError,
    PermanentError,
    TransientError,
)
from functions.shared.ports import Outgoing
from tests.support.aws.places import aws_environment
from tests.support.timeouts import TIMEOUT

TRY_AGAIN = [
    # throttling and faults of AWS
    ("SendMessageBatch", "RequestThrottled", 400),
    ("SendMessageBatch", "ThrottlingException", 400),
    ("ReceiveMessage", "OverLimit", 400),
    ("PutItem", "ProvisionedThroughputExceededException", 400),
    ("PutItem", "RequestLimitExceeded", 400),
    ("PutItem", "TransactionConflictException", 400),
    ("PutObject", "SlowDown", 503),
    ("PutObject", "RequestTimeout", 400),
    ("PutObject", "OperationAborted", 409),
    ("PutObject", "BadDigest", 400),
    ("PutObject", "InternalError", 500),
    ("GetItem", "InternalServerError", 500),
    ("GetItem", "", 502),
    ("GetItem", "TooManyRequestsException", 429),
    ("SendMessageBatch", "NeverHeardOf", 503),
    # credentials, denied rights, the encryption key
    ("PutObject", "ExpiredToken", 400),
    ("SendMessageBatch", "ExpiredTokenException", 400),
    ("SendMessageBatch", "InvalidClientTokenId", 403),
    ("PutItem", "UnrecognizedClientException", 400),
    ("PutObject", "InvalidAccessKeyId", 403),
    ("PutObject", "SignatureDoesNotMatch", 403),
    ("PutItem", "InvalidSignatureException", 400),
    ("SendMessageBatch", "MissingAuthenticationToken", 403),
    ("PutItem", "AccessDeniedException", 400),
    ("PutObject", "AccessDenied", 403),
    ("HeadObject", "403", 403),
    ("PutObject", "NeverHeardOf", 403),
    ("SendMessageBatch", "KMS.AccessDeniedException", 400),
    ("SendMessageBatch", "KmsDisabled", 400),
    ("PutObject", "KMS.DisabledException", 400),
    # the clock
    ("PutObject", "RequestTimeTooSkewed", 403),
    ("SendMessageBatch", "RequestExpired", 400),
    # a stack being deployed, a wrong name or region
    ("SendMessageBatch", "AWS.SimpleQueueService.NonExistentQueue", 400),
    ("SendMessageBatch", "QueueDoesNotExist", 400),
    ("SendMessageBatch", "AWS.SimpleQueueService.QueueDeletedRecently", 400),
    ("PutItem", "ResourceNotFoundException", 400),
    ("PutObject", "NoSuchBucket", 404),
    ("PutObject", "PermanentRedirect", 301),
]
FOR_GOOD = [
    ("SendMessageBatch", "InvalidMessageContents", 400),
    ("SendMessageBatch", "AWS.SimpleQueueService.BatchRequestTooLong", 400),
    ("SendMessageBatch", "InvalidParameterValue", 400),
    ("PutItem", "ValidationException", 400),
    ("PutItem", "SerializationException", 400),
    ("PutObject", "EntityTooLarge", 400),
    ("PutObject", "KeyTooLongError", 400),
    ("PutObject", "InvalidRequest", 400),
    ("GetParameter", "ParameterNotFound", 400),
]


def answer(
    operation: str, code: str, status: int, message: str = "so it is", headers: dict[str, str] | None = None
) -> ClientError:
    about: Any = {"HTTPStatusCode": status, "HTTPHeaders": headers or {}}
    return ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": about}, operation)


@pytest.mark.parametrize(("operation", "code", "status"), TRY_AGAIN)
def test_what_passes_or_is_not_the_messages_fault_is_tried_again(
    operation: str, code: str, status: int
) -> None:
    error = translate(answer(operation, code, status))
    assert type(error) is TransientError
    assert operation in str(error)


@pytest.mark.parametrize(("operation", "code", "status"), FOR_GOOD)
def test_what_is_wrong_with_the_request_itself_is_final_and_said_in_the_words_of_aws(
    operation: str, code: str, status: int
) -> None:
    error = translate(answer(operation, code, status))
    assert type(error) is PermanentError
    assert str(error) == f"AWS {operation} ({code}): so it is"


@pytest.mark.parametrize(("code", "status"), [("NoSuchKey", 404), ("404", 404)])
def test_a_key_that_is_not_stored_is_not_found(code: str, status: int) -> None:
    assert type(translate(answer("GetObject", code, status))) is NotFoundError


@pytest.mark.parametrize("code", ["ConditionalCheckFailedException", "PreconditionFailed"])
def test_a_lost_race_is_a_conflict(code: str) -> None:
    assert type(translate(answer("PutItem", code, 400))) is ConflictError


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("RequestTimeTooSkewed", "The difference between the request time and the server's is too large."),
        ("SignatureDoesNotMatch", "Signature expired: 20261122T100000Z is now earlier than 20261122T104500Z"),
        ("InvalidSignatureException", "Signature not yet current: 20261122T120000Z is still later than ..."),
    ],
)
def test_a_wrong_clock_is_called_a_wrong_clock(code: str, message: str) -> None:
    error = translate(answer("SendMessageBatch", code, 403, message))
    assert isinstance(error, TransientError)
    assert "clock" in str(error)


def test_expired_credentials_are_called_that() -> None:
    assert "credentials" in str(translate(answer("PutObject", "ExpiredToken", 400)))


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), (None, None), ("Wed, 21 Oct 2026", None), ("²", None)]
)
def test_the_wait_that_aws_asks_for_is_kept(header: str | None, seconds: float | None) -> None:
    headers = {} if header is None else {"retry-after": header}
    error = translate(answer("PutObject", "SlowDown", 503, headers=headers))
    assert isinstance(error, TransientError)
    assert error.retry_after == seconds


def test_a_session_token_that_aws_repeats_is_in_no_text_and_no_traceback() -> None:
    """AWS shows the request as it should have been signed, headers and all."""
    message = "The Canonical String should have been 'POST\n/\nx-amz-security-token:SECRET\n'"
    with pytest.raises(TransientError) as caught, translated():
        raise answer("SendMessageBatch", "InvalidSignatureException", 403, message)
    assert "SECRET" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert caught.value.__cause__ is None


def test_a_long_text_of_many_lines_becomes_one_short_line() -> None:
    error = translate(answer("PutItem", "ValidationException", 400, "a\nb " * 1000))
    assert "\n" not in str(error)
    assert len(str(error)) < 400


@pytest.mark.parametrize(
    "error",
    [
        NoCredentialsError(),
        PartialCredentialsError(provider="env", cred_var="aws_secret_access_key"),
        CredentialRetrievalError(provider="process", error_msg="exit 1"),
    ],
)
def test_credentials_that_cannot_be_had_are_waited_for(error: Exception) -> None:
    found = translate(error)
    assert type(found) is TransientError
    assert "credentials" in str(found)


def test_an_error_of_our_own_stays_what_it_is() -> None:
    error = NotFoundError("x")
    assert translate(error) is error


def test_a_mistake_of_ours_is_not_taken_for_a_fault_of_aws() -> None:
    with pytest.raises(TypeError), translated():
        raise TypeError("a defect")


# From here on: real clients against real sockets.

Talk = Callable[[socket.socket], None]


@contextmanager
def server(talk: Talk) -> Iterator[str]:
    """Something that listens on this machine and treats every connection so."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(5)
                    try:
                        talk(connection)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(TIMEOUT)


def hang_up(connection: socket.socket) -> None:
    connection.recv(1024)


def say_nothing(connection: socket.socket) -> None:
    while connection.recv(65536):
        continue  # until the other side gives up


def answering(status: str, body: bytes = b"", length: int | None = None) -> Talk:
    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        size = len(body) if length is None else length
        head = f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode() + body)

    return talk


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients as they are, but for one try and a short time-out: what is tested is what they then say."""

    def config(service: str) -> Config:
        return client_config(service).merge(
            Config(read_timeout=0.3, connect_timeout=0.3, retries={"total_max_attempts": 1})
        )

    monkeypatch.setattr("functions.shared.aws.clients.client_config", config)


def call_all(endpoint: str, tmp_path: Path) -> list[BridgeError]:
    """What each store raises when its service is at that endpoint."""
    from functions.shared.aws.dynamodb import DynamoRecordStore
    from functions.shared.aws.sqs import SqsQueue

    errors: list[BridgeError] = []
    source = tmp_path / "source"
    source.write_bytes(b"jpeg")
    with aws_environment(endpoint):
        queue = SqsQueue(make_client("sqs"), f"{endpoint}/000000000000/reports.fifo", fifo=True)
        records = DynamoRecordStore(make_client("dynamodb"), "table", lambda: 0.0)
        frames = S3FrameStore(make_client("s3"), "bucket")
        calls: list[Callable[[], object]] = [
            lambda: queue.send([Outgoing("body", "group", "id")]),
            queue.receive,
            lambda: records.get("printer/A1"),
            lambda: records.put("printer/A1", {}, 0),
            lambda: records.put_if_absent("done/x", 1.0),
            lambda: records.list("printer/"),
            lambda: frames.put("latest/A1.jpg", source),
            lambda: frames.get("latest/A1.jpg"),
            lambda: list(frames.list("images/")),
        ]
        for call in calls:
            with pytest.raises(BridgeError) as caught:
                call()
            errors.append(caught.value)
    assert source.exists()
    return errors


@pytest.mark.parametrize(
    ("talk", "says"),
    [
        (hang_up, "cannot be reached (ConnectionClosedError)"),
        (say_nothing, "cannot be reached (ReadTimeoutError)"),
        (answering("503 Service Unavailable"), "try again later"),
        (answering("500 Internal Server Error", b"<html>oops</html>"), "try again later"),
        (answering("403 Forbidden", b"<html>a proxy's login page</html>"), "not allowed"),
    ],
)
def test_every_store_waits_for_better_times(impatient: None, tmp_path: Path, talk: Talk, says: str) -> None:
    with server(talk) as endpoint:
        errors = call_all(endpoint, tmp_path)
    assert {type(error) for error in errors} == {TransientError}
    assert [str(error) for error in errors if says not in str(error)] == []


def test_every_store_waits_when_nobody_listens(impatient: None, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        endpoint = f"http://127.0.0.1:{free.getsockname()[1]}"
    errors = call_all(endpoint, tmp_path)
    assert {str(error) for error in errors} == {
        "AWS cannot be reached (EndpointConnectionError): check the network"
    }


def test_an_image_cut_off_on_its_way_is_never_taken_for_whole(impatient: None) -> None:
    with server(answering("200 OK", b"half", length=8)) as endpoint, aws_environment(endpoint):
        frames = S3FrameStore(make_client("s3"), "bucket")
        with pytest.raises(TransientError, match="AWS"):
            frames.get("latest/A1.jpg")


def test_a_name_that_cannot_be_resolved_is_the_network(impatient: None) -> None:
    with aws_environment("http://no-such-host.invalid:1"), pytest.raises(TransientError, match="network"):
        S3FrameStore(make_client("s3"), "bucket").get("latest/A1.jpg")


class TestClients:
    def test_time_outs_and_tries_are_bounded(self) -> None:
        with aws_environment():
            for service in ("sqs", "dynamodb", "s3", "ssm"):
                config: Any = make_client(service).meta.config
                assert config.retries == {"mode": "standard", "total_max_attempts": 3}
                assert config.connect_timeout == 5
                assert config.read_timeout <= 30

    def test_a_long_poll_is_not_taken_for_a_hanging_network(self) -> None:
        with aws_environment():
            config: Any = make_client("sqs").meta.config
            assert config.read_timeout > 20

    def test_a_missing_region_is_said_with_what_to_do(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with aws_environment():
            monkeypatch.delenv("AWS_DEFAULT_REGION")
            with pytest.raises(ConfigurationError, match="AWS_DEFAULT_REGION"):
                make_client("sqs")

    def test_an_endpoint_that_is_none_is_said_with_what_to_do(self) -> None:
        with aws_environment("nonsense"), pytest.raises(ConfigurationError, match="AWS_ENDPOINT_URL"):
            make_client("s3")

    def test_a_region_can_be_given(self) -> None:
        with aws_environment():
            assert make_client("sqs", "us-west-2").meta.region_name == "us-west-2"

"""AWS clients: time-outs and retries that fit a small computer behind bad Wi-Fi and a Lambda alike."""

from typing import TYPE_CHECKING, Any, Literal, overload

from functions.shared.errors import ConfigurationError

if TYPE_CHECKING:
    from botocore.config import Config
    from botocore.session import Session
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

LONGEST_POLL_SECONDS = 20  # of ReceiveMessage

_CONNECT_SECONDS = 5
_TRIES = 3
# Seconds of silence before a call is given up; an SQS call may be silent for as long as it polls.
_READ_SECONDS = {"sqs": LONGEST_POLL_SECONDS + 10, "dynamodb": 5, "s3": 20, "ssm": 5, "sts": 5}
# Where somebody waits for the answer, and each call that hangs holds an execution that the workers may need.
_AWAITED_SECONDS = 1
_AWAITED_TRIES = 2
_CONNECTIONS = {"sqs": 4, "dynamodb": 8, "s3": 16, "ssm": 2, "sts": 1}


@overload
def make_client(
    service: Literal["sqs"], region: str | None = None, session: "Session | None" = None
) -> "SQSClient": ...
@overload
def make_client(
    service: Literal["dynamodb"], region: str | None = None, session: "Session | None" = None
) -> "DynamoDBClient": ...
@overload
def make_client(
    service: Literal["s3"], region: str | None = None, session: "Session | None" = None
) -> "S3Client": ...
@overload
def make_client(
    service: Literal["ssm"], region: str | None = None, session: "Session | None" = None
) -> "SSMClient": ...
@overload
def make_client(
    service: str, region: str | None = None, session: "Session | None" = None, *, is_awaited: bool = False
) -> Any: ...


def make_client(
    service: str, region: str | None = None, session: "Session | None" = None, *, is_awaited: bool = False
) -> Any:
    """A client of `sqs`, `dynamodb`, `s3`, `ssm` or `sts`; thread-safe. No request is made yet.

    `session`: one that this thread makes several clients of, which takes half the time. `is_awaited`: it
    gives up within three seconds. Region (if none is given), credentials and endpoint (`AWS_ENDPOINT_URL`)
    are found as boto3 finds them; boto3 itself is not needed, and would be a tenth of a function's start.
    Raises ConfigurationError when it finds no region, or an unusable profile or endpoint.
    """
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    try:
        # Never a shared session: it may not be used by several threads at once.
        own = session or Session()
        config = client_config(service)
        if is_awaited:
            config = config.merge(_awaited_config())
        return own.create_client(service, region, config=config)
    except (BotoCoreError, ValueError) as error:
        hint = "set AWS_DEFAULT_REGION, and check AWS_PROFILE and AWS_ENDPOINT_URL if they are set"
        raise ConfigurationError([f"no AWS client for {service} can be made: {error} ({hint})"]) from error


def client_config(service: str) -> "Config":
    """What is set for every client of that service."""
    from botocore.config import Config

    return Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS[service],
        retries={"total_max_attempts": _TRIES, "mode": "standard"},
        max_pool_connections=_CONNECTIONS[service],
        tcp_keepalive=True,
    )


def _awaited_config() -> "Config":
    from botocore.config import Config

    return Config(
        connect_timeout=_AWAITED_SECONDS,
        read_timeout=_AWAITED_SECONDS,
        retries={"total_max_attempts": _AWAITED_TRIES, "mode": "standard"},
    )

"""What AWS, and the way to it, answer instead of success: as the project's own errors.

Permanent is only what is wrong with the request itself (malformed, too large, a key that is not stored):
whoever ships sets that aside for good. Throttling, faults of AWS, the network, refused credentials, a wrong
clock, and a queue, bucket or table that is not there (a stack being deployed, a wrong setting) are
transient: they are said, and nothing is lost over them.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
from botocore.exceptions import ConnectionError as AwsConnectionError
from urllib3.exceptions import HTTPError

from functions.shared.errors import BridgeError, ConflictError, NotFoundError, PermanentError, TransientError

_TEXT_LIMIT = 300

_CREDENTIALS = frozenset({
    "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "InvalidToken", "InvalidClientTokenId",
    "UnrecognizedClientException", "InvalidAccessKeyId", "MissingAuthenticationToken",
    "MissingAuthenticationTokenException", "IncompleteSignature", "IncompleteSignatureException",
    "SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure", "InvalidSecurity",
    "NotSignedUp", "OptInRequired", "SubscriptionRequiredException", "AccountProblem",
})  # fmt: skip
_CLOCK = frozenset(
    {"RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture", "RequestExpiredException"}
)
_SIGNATURES = frozenset({"SignatureDoesNotMatch", "InvalidSignatureException"})
_CLOCK_WORDS = ("signature expired", "signature not yet current")
_DENIED = frozenset({
    "AccessDenied", "AccessDeniedException", "AllAccessDisabled", "UnauthorizedOperation", "403",
})  # fmt: skip
_PLACE = frozenset({
    "QueueDoesNotExist", "NonExistentQueue", "QueueDeletedRecently", "InvalidAddress", "NoSuchBucket",
    "ResourceNotFoundException", "TableNotFoundException", "PermanentRedirect", "TemporaryRedirect",
    "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "301", "307",
})  # fmt: skip
_BUSY = frozenset({
    "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "TooManyRequestsException",
    "RequestThrottledException", "ProvisionedThroughputExceededException", "RequestLimitExceeded",
    "BandwidthLimitExceeded", "LimitExceededException", "SlowDown", "PriorRequestNotComplete", "OverLimit",
    "ServiceUnavailable", "InternalError", "InternalFailure", "InternalServerError", "RequestTimeout",
    "RequestTimeoutException", "OperationAborted", "ConditionalRequestConflict", "IncompleteBody",
    "BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch", "TransactionConflictException",
    "TransactionInProgressException", "ReplicatedWriteConflictException", "PurgeQueueInProgress",
})  # fmt: skip
_NOT_STORED = frozenset({"NoSuchKey", "NoSuchVersion", "NotFound", "404"})
_CONFLICT = frozenset({"ConditionalCheckFailedException", "PreconditionFailed", "412"})
_NO_CREDENTIALS = (
    NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, ProfileNotFound,
    TokenRetrievalError, SSOTokenLoadError, UnauthorizedSSOTokenError,
)  # fmt: skip


@contextmanager
def translated() -> Iterator[None]:
    """Whatever boto3 raises inside comes out as a BridgeError.

    The original is not chained: AWS repeats signed headers in some of its messages, session tokens included.
    """
    try:
        yield
    except (ClientError, BotoCoreError, HTTPError, OSError) as error:
        raise translate(error) from None


def translate(error: Exception) -> BridgeError:
    """The project's own error for one that boto3 raised."""
    if isinstance(error, BridgeError):
        return error
    if isinstance(error, ClientError):
        answer = error.response.get("Error", {})
        about = error.response.get("ResponseMetadata", {})
        return fault_of(
            error.operation_name,
            str(answer.get("Code", "")),
            str(answer.get("Message", "")),
            about.get("HTTPStatusCode", 0),
            _seconds(about.get("HTTPHeaders", {}).get("retry-after")),
        )
    name = type(error).__name__
    if isinstance(error, ParamValidationError):
        return PermanentError(f"not a request that AWS can take: {_cut(str(error))}")
    if isinstance(error, _NO_CREDENTIALS):
        return TransientError(f"no AWS credentials can be had ({name}): set or renew them")
    if isinstance(error, HTTPClientError | AwsConnectionError | HTTPError | OSError):
        return TransientError(f"AWS cannot be reached ({name}): check the network")
    return TransientError(f"AWS cannot be asked ({name}): {_cut(str(error))}")


def fault_of(
    operation: str, code: str, message: str, status: int, retry_after: float | None = None
) -> BridgeError:
    """The error for what AWS answered: its code, text and HTTP status.

    Source of the codes: AWS, "Common errors", and the error lists of SQS, DynamoDB and S3.
    """
    bare = code.rsplit(".", 1)[-1]
    where = f"AWS {operation} ({code or status})"
    if bare in _CONFLICT:
        return ConflictError(f"{where}: something else is stored there by now")
    if bare in _NOT_STORED:
        return NotFoundError(f"{where}: it is not stored")
    if bare in _CLOCK or (bare in _SIGNATURES and any(word in message.lower() for word in _CLOCK_WORDS)):
        return TransientError(f"{where}: this machine's clock is wrong, set it (is NTP running?)")
    if bare in _CREDENTIALS:
        return TransientError(f"{where}: the AWS credentials are refused, renew or correct them")
    if bare in _PLACE:
        return TransientError(
            f"{where}: there is no such queue, bucket or table here: check its name and the region"
        )
    if bare in _BUSY or status in (408, 409, 429) or status >= 500:
        return TransientError(f"{where}: AWS asks to try again later", retry_after)
    if any(part.upper().startswith("KMS") for part in code.split(".")):
        return TransientError(f"{where}: its encryption key cannot be used: {_cut(message)}")
    if bare in _DENIED or status in (401, 403):
        return TransientError(f"{where}: not allowed by the policies of these credentials: {_cut(message)}")
    return PermanentError(f"{where}: {_cut(message)}")


def _seconds(header: str | None) -> float | None:
    """Of a Retry-After header, if it names seconds."""
    return float(header) if header is not None and header.isascii() and header.isdigit() else None


def _cut(text: str) -> str:
    return " ".join(text.split())[:_TEXT_LIMIT]

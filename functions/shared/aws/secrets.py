"""A secret in the SSM parameter store: read at first use, kept for five minutes, never shown."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from functions.shared.errors import TransientError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.parameters import SSMProvider

KEPT_SECONDS = 300
_log = logging.getLogger(__name__)


class SecretParameter:
    """`variable` holds the parameter's `name` and is named in errors; `parse` raises ValueError for junk.

    `on_read` gets every value that is read, so that logs can hide it. No text made here shows the value.
    """

    def __init__(
        self,
        client: Callable[[], Any],
        name: str,
        variable: str,
        parse: Callable[[str], str] = str,
        on_read: Callable[[str], None] = lambda value: None,  # noqa: ARG005
    ) -> None:
        self._client = client
        self._name = name
        self._variable = variable
        self._parse = parse
        self._on_read = on_read
        self._provider: SSMProvider | None = None
        self._last: str | None = None

    def __repr__(self) -> str:
        return f"SecretParameter({self._name!r})"

    def value(self, *, is_refused: bool = False) -> str:
        """The secret; `is_refused`: the other side refuses the one we have, so it is read anew.

        Raises TransientError when it cannot be read or used: somebody may put that right. While the store
        is away, the value that was read last still serves.
        """
        from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

        try:
            read = self._store().get(self._name, max_age=KEPT_SECONDS, force_fetch=is_refused, decrypt=True)
        except GetParameterError as error:
            reason = _reason_of(error)
            if self._last is not None:
                _log.warning("the parameter %r cannot be read again: %s", self._name, reason)
                return self._last
            raise TransientError(
                f"the parameter {self._name!r} cannot be read: {reason}. Create it as a SecureString in this "
                f"region and let the function read it (of a KMS key of your own the stack has to know: "
                f"SecretsKmsKeyArn), or correct the name in {self._variable}"
            ) from None
        try:
            value = self._parse(str(read).strip())
            if not value:
                raise ValueError("is empty")
        except ValueError as error:
            raise TransientError(f"the parameter {self._name!r} {error}: put the right value in") from None
        self._on_read(value)
        self._last = value
        return value

    def _store(self) -> "SSMProvider":
        if self._provider is None:
            from aws_lambda_powertools.utilities.parameters import SSMProvider

            self._provider = SSMProvider(boto3_client=self._client())
        return self._provider


def _reason_of(error: Exception) -> str:
    """In our own words: AWS repeats signed headers in some of its messages."""
    from functions.shared.aws.errors import translate

    cause = error.__context__
    return str(translate(cause)) if isinstance(cause, Exception) else type(error).__name__

"""A secret in the SSM parameter store: read at first use, kept for five minutes, never shown."""

import logging
import math
import threading
import time
from collections.abc import Callable
from typing import Any

from functions.shared.errors import BridgeError, TransientError

KEPT_SECONDS = 300
_log = logging.getLogger(__name__)


class SecretParameter:
    """`variable` holds the parameter's `name` and is named in errors; `parse` raises ValueError for junk.

    `on_read` gets every value that is read, so that logs can hide it. No text made here shows the value.
    Thread-safe: who asks while it is being read waits for that.
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
        self._read_at = -math.inf
        self._lock = threading.Lock()
        self._last: str | None = None

    def __repr__(self) -> str:
        return f"SecretParameter({self._name!r})"

    def value(self, *, is_refused: bool = False) -> str:
        """The secret; `is_refused`: the other side refuses the one we have, so it is read anew.

        Raises TransientError when it cannot be read or used: somebody may put that right. While the store
        is away, the value that was read last still serves.
        """
        with self._lock:
            return self._value(is_refused=is_refused)

    def _value(self, *, is_refused: bool) -> str:
        now = time.monotonic()
        if self._last is not None and not is_refused and now - self._read_at < KEPT_SECONDS:
            return self._last
        client = self._client()
        try:
            read = self._read(client)
        except BridgeError as error:
            if self._last is not None:
                _log.warning("the parameter %r cannot be read again: %s", self._name, error)
                return self._last
            raise TransientError(
                f"the parameter {self._name!r} cannot be read: {error}. Create it as a SecureString in this "
                f"region and let the function read it (of a KMS key of your own the stack has to know: "
                f"SecretsKmsKeyArn), or correct the name in {self._variable}"
            ) from None
        try:
            value = self._parse(read.strip())
            if not value:
                raise ValueError("is empty")
        except ValueError as error:
            raise TransientError(f"the parameter {self._name!r} {error}: put the right value in") from None
        self._on_read(value)
        self._last, self._read_at = value, now
        return value

    def _read(self, client: Any) -> str:
        """Raises BridgeError, in our own words: AWS repeats signed headers in some of its messages."""
        from functions.shared.aws.errors import translated

        with translated():
            answer = client.get_parameter(Name=self._name, WithDecryption=True)
        return str(answer["Parameter"]["Value"])

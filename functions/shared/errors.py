"""The error tree.

BridgeError
├── TransientError      try again later; nothing is wrong with the request itself
│   └── ConflictError   a conditional write lost to another writer: read again, then try again
└── PermanentError      trying again cannot help: dead letter, log, count
    ├── ContractError   a message that does not have the agreed form
    ├── NotFoundError   the thing asked for is not stored
    ├── NewerVersionError   what is stored was written by a newer version of the program
    └── ConfigurationError  settings that cannot be used (all faults at once)
"""

from collections.abc import Sequence

# Of every program: it cannot be done here now; settings, or what is stored, cannot be used by this version.
EXIT_FAULT, EXIT_CONFIGURATION = 1, 2


class BridgeError(Exception):
    """Base of every error the project raises on purpose."""


class TransientError(BridgeError):
    """May succeed later; `retry_after` is the wait in seconds the other side asked for, if it did."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ConflictError(TransientError):
    """A conditional write found another version than expected."""


class PermanentError(BridgeError):
    """Will fail again however often it is tried."""


class ContractError(PermanentError):
    """A message between the programs does not have the agreed form."""


class NotFoundError(PermanentError):
    """The key asked for is not stored (any more, or yet)."""


class NewerVersionError(PermanentError):
    """What is stored was written by a newer version: nothing is touched, and no new start helps."""


class ConfigurationError(PermanentError):
    """Settings that cannot be used; `faults` names every one, a line each."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)

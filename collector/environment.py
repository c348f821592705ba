"""Where the settings come from: the environment, before it `.env`."""

import os
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from functions.bridge.errors import ConfigurationError


def read_environment(folder: Path, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables of `.env` in that folder, overridden by those of the process.

    Raises ConfigurationError when there is such a file and it cannot be read.
    """
    given = os.environ if environment is None else environment
    try:
        read = dotenv_values(folder / ".env")
    except UnicodeDecodeError:
        raise ConfigurationError([".env must be text in UTF-8"]) from None
    except OSError as error:
        raise ConfigurationError([f".env cannot be read: {error.strerror or error}"]) from None
    return {name: value for name, value in read.items() if value is not None} | dict(given)

"""The folders that the settings name, seen to before anything starts."""

import os
from pathlib import Path

from functions.bridge.errors import PermanentError

SIMULATION_FOLDER = "simulation"  # in DATA_DIR: what the simulated run keeps


def make_usable(variable: str, folder: Path) -> None:
    """Make the folder if it is not there. Raises PermanentError naming the variable if it cannot be used.

    Nothing is written into it: a disk that is full or slow is not this room's business.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise _unusable(variable, folder, "it is no folder") from None
    except OSError as error:
        raise _unusable(variable, folder, error.strerror or type(error).__name__) from None
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise _unusable(variable, folder, "it cannot be written to")


def _unusable(variable: str, folder: Path, why: str) -> PermanentError:
    return PermanentError(
        f"{variable} {folder} cannot be used: {why}. Set {variable} to a folder that this user can write to."
    )

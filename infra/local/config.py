"""Where the embedded run's settings come from, what in them looks like a typing mistake, and the folders
they name.
"""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path

from collector.config import read_environment
from functions.shared.errors import PermanentError
from functions.shared.settings import Settings, declarations

__all__ = ["read_environment", "wants_simulation"]

_OWN_BAMBUI = ("PRINTERS_API_URL", "WS_URL_TEMPLATE", "PRINTER_ID", "TELEGRAM_BOT_TOKEN")


def wants_simulation(environment: Mapping[str, str], simulate: bool | None) -> bool:
    """SIMULATE decides; without it, the printer is simulated when nothing of the user's own is set."""
    if simulate is not None:
        return simulate
    return not any(environment.get(name, "").strip() for name in _OWN_BAMBUI)


_ALIKE = 0.8
_FAMILIES = ("TELEGRAM_", "OPENROUTER_", "TIMELAPSE_", "AI_CHECK")


def unknown_settings(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    """Such names in the order of the alphabet, each with the setting that it looks like."""
    ours = [declaration.variable for declaration in declarations()]
    found = []
    for name in sorted(set(environment) - set(ours)):
        alike = difflib.get_close_matches(name.upper(), ours, n=1, cutoff=_ALIKE)
        if not alike and name.upper().startswith(_FAMILIES):
            alike = difflib.get_close_matches(name.upper(), ours, n=1, cutoff=0.0)
        if alike:
            found.append((name, alike[0]))
    return found


def is_in_container(environment: Mapping[str, str]) -> bool:
    """Whether our image, or another container that says so as systemd wants it, is what runs."""
    return bool(environment.get("container"))


def is_beyond_loopback(host: str) -> bool:
    """Whether others than this machine may reach that address."""
    return host not in ("localhost", "::1") and not host.startswith("127.")


def open_door(settings: Settings, is_contained: bool) -> tuple[str, str] | None:
    """What is in danger because anyone may look, and what to do; None: nothing is."""
    if settings.api_key or not is_beyond_loopback(settings.host):
        return None
    if is_contained:
        advice = "set API_KEY (printer-bridge make-key), or publish the port to this machine alone "
        return "anyone who reaches the port can see your printers", advice + "(-p 127.0.0.1:8000:8000)"
    advice = "set API_KEY (printer-bridge make-key), or HOST=127.0.0.1"
    return f"anyone who reaches {settings.host} can see your printers", advice


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

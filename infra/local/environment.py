"""Where the settings of the embedded run come from: the environment, before it `.env`."""

import os
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

_OWN_BAMBUI = ("PRINTERS_API_URL", "WS_URL_TEMPLATE", "PRINTER_ID", "TELEGRAM_BOT_TOKEN")


def read_environment(folder: Path, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables of `.env` in that folder, overridden by those of the process."""
    given = os.environ if environment is None else environment
    from_file = {name: value for name, value in dotenv_values(folder / ".env").items() if value is not None}
    return from_file | dict(given)


def wants_simulation(environment: Mapping[str, str], simulate: bool | None) -> bool:
    """SIMULATE decides; without it, the printer is simulated when nothing of the user's own is set."""
    if simulate is not None:
        return simulate
    return not any(environment.get(name, "").strip() for name in _OWN_BAMBUI)

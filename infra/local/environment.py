"""Where the settings of the embedded run come from, and whether they ask for a simulated printer."""

from collections.abc import Mapping

from collector.environment import read_environment

__all__ = ["read_environment", "wants_simulation"]

_OWN_BAMBUI = ("PRINTERS_API_URL", "WS_URL_TEMPLATE", "PRINTER_ID", "TELEGRAM_BOT_TOKEN")


def wants_simulation(environment: Mapping[str, str], simulate: bool | None) -> bool:
    """SIMULATE decides; without it, the printer is simulated when nothing of the user's own is set."""
    if simulate is not None:
        return simulate
    return not any(environment.get(name, "").strip() for name in _OWN_BAMBUI)

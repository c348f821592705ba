"""The simulated printers of a run that has no real ones."""

import dataclasses
import shutil

from functions.shared.settings import Settings
from infra.local.config import SIMULATION_FOLDER
from infra.local.stores import LOCK_FILE
from infra.simulator.server import SimulatedBambui
from infra.simulator.simulated_printer import SimulatedPrinter

PRINTER_ID = "Simulated-A1-mini"


def make_simulation() -> SimulatedBambui:
    """A BambUI on a free port of this machine with one printer: a print in about 90 s, then the next."""
    return SimulatedBambui([SimulatedPrinter(PRINTER_ID, "A1M", "demo")])


def settings_of_simulation(settings: Settings, bambui: SimulatedBambui) -> Settings:
    """The settings with the simulated BambUI as the one to watch, in a data folder of its own.

    The simulated world begins anew with each start, so what was remembered of the last one is removed.
    """
    data_dir = settings.data_dir / SIMULATION_FOLDER
    for left in data_dir.glob("*"):
        if left.name != LOCK_FILE:
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    return dataclasses.replace(
        settings,
        printer_id=PRINTER_ID,
        printers_api_url=bambui.printers_api_url,
        ws_url_template=bambui.ws_url_template,
        changes_per_minute=0.0,  # a print of an hour in 90 s is no printer that flaps
        data_dir=data_dir,
    )

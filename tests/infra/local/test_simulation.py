"""The simulated run: a world of its own, begun anew with each start, and faster than life."""

from pathlib import Path

from functions.shared.settings import Settings
from infra.local.config import SIMULATION_FOLDER
from infra.local.simulation import PRINTER_ID, make_simulation, settings_of_simulation


async def test_it_watches_the_simulated_printer_in_a_folder_of_its_own_begun_anew(tmp_path: Path) -> None:
    folder = tmp_path / SIMULATION_FOLDER
    (folder / "outbox").mkdir(parents=True)
    (folder / "outbox" / "outbox.db").touch()
    (folder / "running.lock").touch()
    async with make_simulation() as bambui:
        settings = settings_of_simulation(Settings(data_dir=tmp_path), bambui)
        assert (settings.printer_id, settings.printers_api_url) == (PRINTER_ID, bambui.printers_api_url)
    assert settings.data_dir == folder
    assert [path.name for path in folder.iterdir()] == ["running.lock"]


async def test_a_print_of_an_hour_in_ninety_seconds_is_not_held_up_as_one_that_flaps(tmp_path: Path) -> None:
    async with make_simulation() as bambui:
        settings = settings_of_simulation(Settings(data_dir=tmp_path), bambui)
    assert Settings().changes_per_minute > 0
    assert settings.changes_per_minute == 0

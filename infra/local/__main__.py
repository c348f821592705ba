"""`printer-bridge` (also `python -m infra.local`): everything on this machine."""

import argparse
import asyncio
import contextlib
import logging
import os
import secrets
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from collector.app import run as run_in_loop
from functions.shared.errors import (
    EXIT_CONFIGURATION,
    EXIT_FAULT,
    BridgeError,
    ConfigurationError,
    NewerVersionError,
)
from functions.shared.runtime.logging import set_up_logs
from functions.shared.runtime.private_files import tighten, write_for_owner_only
from functions.shared.settings import Settings, load_settings
from infra.local import timelapse_command
from infra.local.cli import PROGRAM, as_typed, make_parser, program_here
from infra.local.config import read_environment, unknown_settings, wants_simulation

_KEY_BYTES = 24  # 32 characters of base64
_log = logging.getLogger("infra.local")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0: ended as asked; 1: cannot be done here; 2: settings, or what is stored, cannot be used."""
    try:
        return _do(arguments)
    except KeyboardInterrupt:  # Ctrl-C before anything was there to end
        return 0


def _do(arguments: Sequence[str] | None) -> int:
    asked = make_parser().parse_args(arguments)
    if asked.version:
        from collector.app import version

        print(f"{PROGRAM} {version()}")
        return 0
    if asked.command == "make-key":
        print(f"API_KEY={secrets.token_urlsafe(_KEY_BYTES)}")
        return 0
    if asked.command == "doctor":
        from infra.local.doctor import program as doctor_program

        return doctor_program.run(asked, sys.stdout, sys.stderr, program=program_here(), root=Path("/"))
    if asked.command == "chat-id":
        from infra.local.chat_ids import program as chat_ids_program

        return chat_ids_program.run(asked, sys.stdout, sys.stderr, program=program_here(), root=Path("/"))
    try:
        environment = read_environment(Path.cwd())
        settings = load_settings(environment, "local")
    except ConfigurationError as error:
        print(
            "These settings cannot be used:",
            *(f"  {as_typed(fault, program_here())}" for fault in error.faults),
            sep="\n",
            file=sys.stderr,
        )
        return EXIT_CONFIGURATION
    set_up_logs(
        settings.log_level,
        settings.log_format,
        [settings.telegram_bot_token, settings.openrouter_api_key, settings.api_key],
        settings.timezone,
    )
    if asked.command == "timelapse":
        return timelapse_command.run(asked, settings)
    if asked.command in ("backup", "restore"):
        return copy_state(asked, settings)
    return run(settings, wants_simulation(environment, settings.simulate), unknown_settings(environment))


def copy_state(asked: argparse.Namespace, settings: Settings) -> int:
    """Back up or restore."""
    from infra.local import backup_command

    try:
        backup_command.run(asked, settings, print)
    except NewerVersionError as error:
        print(error, file=sys.stderr)
        return EXIT_CONFIGURATION
    except (BridgeError, OSError) as error:
        print(error, file=sys.stderr)
        return EXIT_FAULT
    return 0


def run(settings: Settings, is_simulated: bool, typos: Sequence[tuple[str, str]] = ()) -> int:
    """Watch until Ctrl-C or SIGTERM. `typos`: variables that nobody reads, with what they look like."""
    try:
        run_in_loop(_run(settings, is_simulated, typos))
    except NewerVersionError as error:
        _log.error("%s", error)
        return EXIT_CONFIGURATION
    except (BridgeError, OSError) as error:
        _log.error("%s", error)
        return EXIT_FAULT
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("collector", "functions", "infra"):
            raise
        _log.error(
            "%s is not installed: here is what the collector alone needs (printer-collector); "
            "`infra/raspberry-pi/install.sh bridge` or `make run` installs the rest",
            error.name,
        )
        return EXIT_FAULT
    return 0


async def _run(settings: Settings, is_simulated: bool, typos: Sequence[tuple[str, str]]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)  # first: what follows takes a while

    from collector.app import version
    from collector.systemd import Systemd
    from infra.local.app import Bridge
    from infra.local.config import is_in_container, make_usable, open_door
    from infra.local.stores import OwnLock, state_databases

    write_for_owner_only()
    make_usable("DATA_DIR", settings.data_dir)
    make_usable("IMAGES_DIR", settings.images_dir)
    tighten(settings.data_dir, state_databases(settings.data_dir))
    tighten(settings.images_dir)
    lock = OwnLock(settings.data_dir)
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(lock.release)
        if is_simulated:
            from infra.local.simulation import make_simulation, settings_of_simulation

            bambui = await stack.enter_async_context(make_simulation())
            settings = settings_of_simulation(settings, bambui)
        bridge = Bridge(settings, sys.stdout, Systemd(os.environ))
        is_contained = is_in_container(os.environ)
        danger = open_door(settings, is_contained)
        if danger is not None:
            _log.warning("%s: %s", *danger)
        bridge.console.say_start(
            *(settings, version(), bridge.base_url, is_simulated, program_here(), typos, is_contained)
        )
        await bridge.run(stop)
        bridge.console.say("ended")


if __name__ == "__main__":
    sys.exit(main())

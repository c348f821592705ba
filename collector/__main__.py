"""`printer-collector` (also `python -m collector`): the edge program on its own, for the cloud."""

import argparse
import asyncio
import functools
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from collector.app import run as run_in_loop
from collector.config import CloudSettings, credential_faults, read_cloud_settings, read_environment
from collector.systemd import Systemd
from functions.shared.errors import (
    EXIT_CONFIGURATION,
    EXIT_FAULT,
    BridgeError,
    ConfigurationError,
    NewerVersionError,
)
from functions.shared.runtime.logging import set_up_logs
from functions.shared.runtime.private_files import tighten, write_for_owner_only
from functions.shared.text import aws_secrets_of

_log = logging.getLogger("collector")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0: ended as asked; 1: cannot be done now; 2: settings or what is stored cannot be used."""
    argparse.ArgumentParser(
        prog="printer-collector",
        description="Watches 3D printers behind BambUI and sends it all to AWS; settings: "
        "see infra/docs/settings.md.",
    ).parse_args(arguments)
    try:
        environment = read_environment(Path.cwd())
        for name, value in environment.items():
            if name.startswith("AWS_"):
                os.environ.setdefault(name, value)  # boto3 reads them there only
        chosen = read_cloud_settings(environment, credential_faults)
    except ConfigurationError as error:
        sys.stderr.write("These settings cannot be used:\n")
        sys.stderr.writelines(f"  {fault}\n" for fault in error.faults)
        return EXIT_CONFIGURATION
    settings = chosen.settings
    set_up_logs(settings.log_level, settings.log_format, aws_secrets_of(environment))
    return run(chosen)


def run(chosen: CloudSettings) -> int:
    """Watch until Ctrl-C or SIGTERM."""
    try:
        run_in_loop(_run(chosen))
    except NewerVersionError as error:
        _log.error("%s", error)
        return EXIT_CONFIGURATION
    except (BridgeError, OSError) as error:
        _log.error("%s", error)
        return EXIT_FAULT
    except KeyboardInterrupt:  # Ctrl-C before anything was there to end
        return 0
    return 0


async def _run(chosen: CloudSettings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)  # first: what follows takes a while

    from collector.app import EdgeProgram, log_start
    from collector.outbox.database import DATABASE
    from collector.outbox.uploader import open_aws

    settings = chosen.settings
    write_for_owner_only()
    tighten(settings.data_dir, [settings.data_dir / "outbox" / DATABASE])
    open_remote_backend = functools.partial(
        open_aws, settings.reports_queue_url, settings.frames_bucket, chosen.region
    )
    program = EdgeProgram(chosen, open_remote_backend, Systemd(os.environ))
    log_start(chosen)
    await program.run(stop)
    _log.info("ended")


if __name__ == "__main__":
    sys.exit(main())

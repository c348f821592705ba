"""The composition root of `printer-bridge doctor`."""

import argparse
import asyncio
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from collector.config import credential_faults
from functions.shared.errors import ConfigurationError
from functions.shared.runtime.threads import run_in_daemon_thread
from infra.local.cli import PROGRAM, as_typed, program_here
from infra.local.doctor import (
    ai_check,
    aws_check,
    bambui_check,
    clock_check,
    database_check,
    disk_check,
    ffmpeg_check,
    memory_check,
    port_check,
    telegram_check,
)
from infra.local.doctor.check import CheckResult, run_checks
from infra.local.doctor.findings import (
    SETTINGS,
    Finding,
    as_json,
    as_table,
    exit_code,
    fault,
    fine,
    marks_for,
    nothing,
    of_check,
    warning,
)
from infra.local.doctor.service_check import look_at_service
from infra.local.doctor.settings_check import read_settings
from infra.local.installation import Source, read_source
from infra.local.probes.output import redactor, secrets_of, show, without_logs

CHECKS = (
    bambui_check.SIMULATION,
    bambui_check.CHECK,
    aws_check.CHECK,
    telegram_check.CHECK,
    ai_check.CHECK,
    ffmpeg_check.CHECK,
    disk_check.CHECK,
    database_check.CHECK,
    memory_check.CHECK,
    port_check.API,
    port_check.METRICS,
)
"""In the order of the table. The settings come before them, as all need these; the clock after them, as it
is compared with those of all who answered."""
_PIPE_COLUMNS = 100


def run(
    arguments: argparse.Namespace,
    output: TextIO,
    notes: TextIO,
    folder: Path | None = None,
    given: Mapping[str, str] | None = None,
    clock: Callable[[], float] = time.time,
    program: str = PROGRAM,
    root: Path | None = None,
) -> int:
    """Look, show, and the exit code: 0 fine (warnings allowed), 1 something is wrong, 2 settings unusable.

    `folder` is the one with `.env`, `clock` the wall clock in seconds since 1970; `program` is how this one
    is called in the commands that are shown; `root`: below which installed services are looked for.
    """
    environment: Mapping[str, str] = dict(os.environ) if given is None else given
    if notes.isatty():
        seconds = arguments.seconds
        show(notes, f"Looking; this takes up to {seconds:.0f} s when a printer is silent ...\n")
    with without_logs():
        try:
            source = read_source(arguments.env_file, folder or Path.cwd(), environment, root)
        except ConfigurationError as error:
            subject, _, text = error.faults[0].partition(" ")
            advice = "Correct the file." if "UTF-8" in text else f"Try `sudo {program_here()} doctor`."
            findings = of_check(SETTINGS, [fault(subject, text, advice)])
        else:
            environment = source.variables
            findings = [*_about_source(source), *asyncio.run(_look(environment, arguments, clock))]
    redact = redactor(secrets_of(environment))

    def clean(text: str) -> str:
        return as_typed(redact(text), program)

    findings = [
        replace(it, subject=clean(it.subject), found=clean(it.found), advice=clean(it.advice))
        for it in findings
    ]
    if arguments.json:
        show(output, as_json(findings))
    else:
        columns = shutil.get_terminal_size().columns if output.isatty() else _PIPE_COLUMNS
        show(output, as_table(findings, columns, marks_for(output.encoding)))
    return exit_code(findings)


def _about_source(source: Source) -> list[Finding]:
    """Whose settings these are: beside an installed service those of another folder say nothing about it."""
    findings = [fine("looked at", source.words)]
    for other in source.others:
        found, advice = (
            f"{other.file} is not looked at",
            f"`printer-bridge doctor --env-file {other.file}` does.",
        )
        is_beside = source.service is not None  # both are installed, and each has its own settings
        findings.append(
            nothing(other.name, f"{found}: {advice}") if is_beside else warning(other.name, found, advice)
        )
    running = look_at_service(source.service) if source.service is not None else []
    return [*of_check(SETTINGS, findings), *of_check("service", running)]


async def _look(
    environment: Mapping[str, str], arguments: argparse.Namespace, clock: Callable[[], float]
) -> list[Finding]:
    for name, value in environment.items():
        if name.startswith("AWS_"):
            os.environ.setdefault(name, value)  # boto3 reads them there only
    setup, about_settings = await run_in_daemon_thread(lambda: read_settings(environment, credential_faults))
    setup = replace(setup, seconds=arguments.seconds, is_sending=arguments.send_test)
    results = await run_checks(CHECKS, setup)
    clocks = [(name, result.ahead) for name, result in results if result.ahead is not None]
    now = clock()
    about_time = clock_check.evaluate_clock(now, clocks)
    if "TIMEZONE" not in setup.faulty:
        about_time.append(clock_check.evaluate_zone(environment, setup.settings.timezone, now))
    findings = of_check(SETTINGS, about_settings)
    for name, result in [*results, (clock_check.NAME, CheckResult(about_time))]:
        findings += of_check(name, result.findings)
    return findings

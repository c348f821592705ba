"""The composition root of `printer-bridge doctor`."""

import argparse
import asyncio
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from collector.config import read_environment
from functions.shared.errors import ConfigurationError
from functions.shared.runtime.threads import run_in_daemon_thread
from infra.local.cli import PROGRAM, as_typed
from infra.local.config import wants_simulation
from infra.local.doctor import ai_check, bambui_check, cloud_check, disk_check, ffmpeg_check, telegram_check
from infra.local.doctor.arguments import PRINTER_SECONDS
from infra.local.doctor.bambui_defaults import evaluate_simulation, unset_in
from infra.local.doctor.clock_check import evaluate_clock, evaluate_zone
from infra.local.doctor.database_check import CHECK as STATE
from infra.local.doctor.database_check import DatabaseCheck
from infra.local.doctor.disk_judgement import CHECK as DISK
from infra.local.doctor.findings import SETTINGS, CheckResult, Finding, exit_code, fault
from infra.local.doctor.port_check import CHECK as API
from infra.local.doctor.port_check import METRICS, MetricsPortCheck, PortCheck
from infra.local.doctor.printer_judgement import CHECK as BAMBUI
from infra.local.doctor.printer_socket import watch_printer
from infra.local.doctor.running import Area, in_thread, run_checks
from infra.local.doctor.settings_check import CREDENTIALS, ReadSettings, is_cloud, read_settings
from infra.local.doctor.table import as_json, as_table, marks_for
from infra.local.doctor.telegram_judgement import CHECK as TELEGRAM
from infra.local.probes.http import HttpAnswer, HttpRequest, Unreachable, ask
from infra.local.probes.output import cleaner, secrets_of, show, without_logs

_PIPE_COLUMNS = 100
_MARGIN_SECONDS = 30.0  # over the time that the printers have: names, list, handshakes
_BAMBUI = ("PRINTERS_API_URL", "WS_URL_TEMPLATE", "PRINTER_ID")
_TELEGRAM = ("TELEGRAM_BOT_TOKEN", "TELEGRAM_CHAT_ID", "TELEGRAM_THREAD_ID", "TELEGRAM_API_URL")
_AI = ("OPENROUTER_API_KEY", "OPENROUTER_BASE_URL", "AI_MODEL")
_DISK = ("DATA_DIR", "IMAGES_DIR", "OUTBOX_MAX_BYTES", "IMAGE_RETENTION_DAYS")
_AWS = ("REPORTS_QUEUE_URL", "FRAMES_BUCKET", CREDENTIALS)


@dataclass(frozen=True, slots=True)
class Doctor:
    """`clock` is the wall clock in seconds since 1970; `folder` the one with `.env`."""

    folder: Path
    given: Mapping[str, str]
    seconds: float = PRINTER_SECONDS
    is_sending: bool = False
    clock: Callable[[], float] = time.time

    def look(self) -> tuple[list[Finding], Mapping[str, str]]:
        """All findings in the order of the table, and the variables they are about."""
        try:
            environment = read_environment(self.folder, self.given)
        except ConfigurationError as error:
            text = error.faults[0]
            return [fault(SETTINGS, ".env", text.removeprefix(".env "), "Correct the file.")], self.given
        return asyncio.run(self._look(environment)), environment

    async def _look(self, environment: Mapping[str, str]) -> list[Finding]:
        cloud = is_cloud(environment)
        if cloud:
            for name, value in environment.items():
                if name.startswith("AWS_"):
                    os.environ.setdefault(name, value)  # boto3 reads them there only
        read = await run_in_daemon_thread(lambda: read_settings(environment, _credential_faults))
        areas = self._areas(environment, read, cloud)
        looks = await run_checks(areas, read.faulty)
        clocks = [clock for look in looks for clock in look.clocks]
        now = self.clock()
        findings = [*read.findings, *(finding for look in looks for finding in look.findings)]
        findings += evaluate_clock(now, [(name, ahead) for name, ahead in clocks])
        if "TIMEZONE" not in read.faulty:
            findings.append(evaluate_zone(environment, read.settings.timezone, now))
        return findings

    def _areas(self, environment: Mapping[str, str], read: ReadSettings, cloud: bool) -> list[Area]:
        settings = read.settings
        unset = unset_in(environment)
        if not cloud and wants_simulation(environment, settings.simulate):
            simulated = CheckResult((evaluate_simulation(BAMBUI, unset, settings.simulate is True),))
            bambui = Area(BAMBUI, ("SIMULATE",), in_thread(lambda: simulated), 1)
        else:
            look = bambui_check.BambuiCheck(settings, self.seconds, _ask_in_thread, watch_printer, unset).look
            bambui = Area(BAMBUI, _BAMBUI, look, self.seconds + _MARGIN_SECONDS)
        data = Area(DISK, _DISK, in_thread(disk_check.DiskCheck(settings, cloud).look), _MARGIN_SECONDS)
        state = Area(STATE, ("DATA_DIR",), in_thread(DatabaseCheck(settings.data_dir, cloud).look), 45)
        if cloud:
            look_at_aws = cloud_check.CloudCheck(lambda: _open_remote_backend(environment, read.region)).look
            metrics = MetricsPortCheck(read.collector or settings, ask)
            return [
                bambui,
                Area(cloud_check.CHECK, _AWS, in_thread(look_at_aws), 90),
                data,
                state,
                Area(METRICS, ("METRICS_HOST", "METRICS_PORT"), in_thread(metrics.look), 10),
            ]
        telegram = telegram_check.make_check(settings, self.is_sending)
        return [
            bambui,
            Area(TELEGRAM, _TELEGRAM, in_thread(telegram.look), 60),
            Area(ai_check.CHECK, _AI, in_thread(ai_check.AiCheck(settings, ask).look), 60),
            Area(
                ffmpeg_check.CHECK, ("FFMPEG",), in_thread(ffmpeg_check.FfmpegCheck(settings.ffmpeg).look), 90
            ),
            data,
            state,
            Area(API, ("HOST", "PORT", "API_KEY"), in_thread(PortCheck(settings, ask).look), 10),
        ]


def run(
    arguments: argparse.Namespace,
    output: TextIO,
    notes: TextIO,
    folder: Path | None = None,
    given: Mapping[str, str] | None = None,
    clock: Callable[[], float] = time.time,
    program: str = PROGRAM,
) -> int:
    """Look, show, and the exit code: 0 fine (warnings allowed), 1 something is wrong, 2 settings unusable.

    `program` is how this one is called in the commands that are shown.
    """
    given = dict(os.environ) if given is None else given
    doctor = Doctor(folder or Path.cwd(), given, arguments.seconds, arguments.send_test, clock)
    if notes.isatty():
        show(notes, f"Looking; this takes up to {doctor.seconds:.0f} s when a printer is silent ...\n")
    with without_logs():
        findings, environment = doctor.look()
    without_secrets = cleaner(secrets_of(environment))

    def clean(text: str) -> str:
        return as_typed(without_secrets(text), program)

    if arguments.json:
        show(output, as_json(findings, clean))
        return exit_code(findings)
    cleaned = [
        replace(it, subject=clean(it.subject), found=clean(it.found), advice=clean(it.advice))
        for it in findings
    ]
    columns = shutil.get_terminal_size().columns if output.isatty() else _PIPE_COLUMNS
    show(output, as_table(cleaned, columns, marks_for(output.encoding)))
    return exit_code(findings)


async def _ask_in_thread(request: HttpRequest) -> HttpAnswer | Unreachable:
    return await run_in_daemon_thread(lambda: ask(request))


def _credential_faults() -> list[str]:
    from collector.config import credential_faults

    return credential_faults()


def _open_remote_backend(environment: Mapping[str, str], region: str | None) -> cloud_check.RemoteBackend:
    from infra.local.doctor.aws_backend import open_remote_backend

    return open_remote_backend(
        environment["REPORTS_QUEUE_URL"].strip(), environment["FRAMES_BUCKET"].strip(), region
    )

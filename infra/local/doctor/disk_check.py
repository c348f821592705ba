"""The folders: tried, and measured."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from functions.shared.settings import Settings
from infra.local.doctor.disk_judgement import evaluate_folder, frames_wanted, outbox_wanted
from infra.local.doctor.findings import CheckResult
from infra.local.doctor.folder_probe import FolderFacts, probe

OUTBOX_FOLDER = "outbox"

Probe = Callable[[Path, str | None], FolderFacts]


@dataclass(frozen=True, slots=True)
class DiskCheck:
    """Blocking."""

    settings: Settings
    is_cloud: bool
    probe: Probe = probe

    def look(self) -> CheckResult:
        settings = self.settings
        user = os.geteuid()
        data = self.probe(settings.data_dir, OUTBOX_FOLDER)
        findings = [evaluate_folder(outbox_wanted(settings), str(settings.data_dir), data, user)]
        if not self.is_cloud:
            images = self.probe(settings.images_dir, None)
            wanted = frames_wanted(settings)
            findings.append(evaluate_folder(wanted, str(settings.images_dir), images, user))
        return CheckResult(tuple(findings))

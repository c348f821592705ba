"""Who else on this machine can read state, pictures and secrets."""

import shlex
from pathlib import Path

from functions.shared.runtime.private_files import wider_than_owner
from infra.local.doctor.check import Setup
from infra.local.doctor.findings import Finding, warning
from infra.local.stores import state_databases

_SETTINGS_FILE = ".env"


def look(setup: Setup) -> list[Finding]:
    """The folders, the databases in them and `.env` in this folder, where they are wider than their owner."""
    settings = setup.settings
    folders = [settings.data_dir, *([] if setup.is_cloud else [settings.images_dir])]
    places = [folder for folder in folders if folder.is_dir()]
    places += [*state_databases(settings.data_dir), Path(_SETTINGS_FILE)]
    return [finding for path in places if (finding := _look(path)) is not None]


def _look(path: Path) -> Finding | None:
    try:
        mode = wider_than_owner(path)
    except OSError:
        return None  # who may not look is told so by the other checks
    return None if mode is None else evaluate_rights(path, mode)


def evaluate_rights(path: Path, mode: int) -> Finding:
    """Pure. `mode`: the rights of what is wider than its owner."""
    advice = f"Keep it to its owner: `chmod go-rwx {shlex.quote(str(path))}`."
    return warning(f"rights of {path.name}", f"{path} is open to others (rights {mode:o})", advice)

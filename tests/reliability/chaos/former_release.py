"""An older release of this repository, as its history has it, to be run in the data folder of today's."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from collector.outbox.database import OUTBOX_SCHEMA
from infra.local.storage.database import STATE_SCHEMA

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Release:
    """`steps`: how many steps of a database's form it knows, if it cannot refuse a newer one as it should."""

    commit: str
    steps: int | None = None

    @property
    def suits(self) -> bool:
        return self.steps is None or max(len(OUTBOX_SCHEMA), len(STATE_SCHEMA)) <= self.steps


# The first takes an outbox of a newer form for a broken one; the second is the first that refuses it.
RELEASES = (
    Release("8239fd9bec5a0ef4b951b2230b0a43eb7d550e26", steps=1),
    Release("022532b4e74437075e93d93d1b9b57635387a481"),
)


def unpack_former(folder: Path) -> Path:
    """The newest of them that suits, unpacked there. Raises OSError where the history has none."""
    release = next((one for one in RELEASES if one.suits and _has(one)), None)
    if release is None:
        raise OSError("the history that is here has no older release")
    folder.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(["git", "archive", release.commit], cwd=ROOT, stdout=subprocess.PIPE) as archive:
        subprocess.run(["tar", "-x", "-C", str(folder)], stdin=archive.stdout, check=True)
    if archive.returncode != 0:
        raise OSError(f"git archive ended with code {archive.returncode}")
    return folder


def _has(release: Release) -> bool:
    try:
        asked = subprocess.run(
            ["git", "cat-file", "-e", f"{release.commit}^{{commit}}"],
            cwd=ROOT,
            capture_output=True,
            check=False,
        )
    except OSError:
        return False
    return asked.returncode == 0

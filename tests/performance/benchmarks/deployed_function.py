"""A function as it runs in Lambda: what `sam build` packs, but for this machine, and what Lambda brings.

Nothing else is found: what is installed for tests (cryptography, awscrt) would make a start slower.
"""

import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import distribution
from pathlib import Path

from tests.support.lambda_runtime.container import Code
from tests.support.timeouts import TIMEOUT

_FUNCTIONS = Path(__file__).parents[3] / "functions"
# Source: AWS Lambda Developer Guide, "Runtime-included SDK versions"; and what these need.
_OF_LAMBDA = (
    "awslambdaric",
    "boto3",
    "botocore",
    "jmespath",
    "python-dateutil",
    "s3transfer",
    "simplejson",
    "six",
    "snapshot-restore-py",
    "urllib3",
)
_NO_SITE_PACKAGES = ("-S",)
EMPTY_HANDLER = "empty.handle"


def build(name: str, folder: Path, *, is_compiled: bool = True) -> Path:
    """The artifact of that function, as `functions/Makefile` makes it."""
    artifact = folder / name
    environment = {
        **os.environ,
        "PYTHON": sys.executable,
        "TARGET_PYTHON": "{}.{}".format(*sys.version_info[:2]),
        "TARGET_ARCHITECTURE": platform.machine(),
        "COMPILER": sys.executable if is_compiled else "none",
    }
    subprocess.run(
        ["make", "--silent", f"build-{name.capitalize()}Function", f"ARTIFACTS_DIR={artifact}"],
        cwd=_FUNCTIONS,
        env=environment,
        check=True,
        capture_output=True,
        timeout=TIMEOUT,
    )
    return artifact


def empty(folder: Path) -> Path:
    """A function that does nothing."""
    task = folder / "empty"
    task.mkdir()
    (task / "empty.py").write_text("def handle(event, context):\n    return None\n", encoding="ascii")
    return task


def runtime_packages(folder: Path) -> Path:
    """A folder with what Lambda's Python brings, of what is installed here."""
    path = folder / "runtime"
    path.mkdir()
    for name in _OF_LAMBDA:
        found = distribution(name)
        for top in _tops(str(file) for file in found.files or ()):
            (path / top).symlink_to(str(found.locate_file(top)))
    return path


def code(task: Path, packages: Path, *options: str) -> Code:
    return Code(task, (packages,), (*_NO_SITE_PACKAGES, *options))


def _tops(files: Iterable[str]) -> set[str]:
    return {file.partition("/")[0] for file in files} - {"..", "__pycache__"}

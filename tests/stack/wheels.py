"""The wheels of all functions for one target, fetched at once.

`sam build` asks the package index for each function anew, and reading its pages is most of what pip does.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.stack.cloud_template import ROOT
from tests.support.timeouts import TIMEOUT

_FUNCTIONS = ROOT / "functions"
_LOCKS = (*sorted(_FUNCTIONS.glob("*/requirements.lock")), ROOT / "infra/layers/ffmpeg/requirements.lock")


def fetched(folder: Path, target: Mapping[str, str]) -> dict[str, str]:
    """Into that folder, for the target of those variables of `functions/Makefile`.

    The environment to build in: pip finds them there, and nothing elsewhere.
    """
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TARGET_")},
        **target,
        "PYTHON": sys.executable,
    }
    install = _output(["make", "--silent", "--eval", "pip: ; @echo $(PIP_INSTALL)", "pip"], environment)
    words = [word for word in shlex.split(install) if word != "--no-compile"]
    pip = ["download" if word == "install" else word for word in words]
    locks = [word for lock in _LOCKS for word in ("--requirement", str(lock))]
    _output([*pip, "--dest", str(folder), *locks], environment)
    return environment | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "SAM_CLI_TELEMETRY": "0"}


def _output(command: list[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        command, cwd=_FUNCTIONS, env=environment, capture_output=True, text=True, timeout=TIMEOUT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout

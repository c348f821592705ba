"""What SAM itself says of the template. Each of the two sees faults that the other overlooks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stack.cloud_template import REGION, ROOT, TEMPLATE
from tests.support.timeouts import TIMEOUT

SAM = Path(sys.executable).parent / "sam"


@pytest.mark.parametrize("options", [(), ("--lint",)], ids=["plain", "lint"])
def test_sam_finds_the_template_valid(options: tuple[str, ...]) -> None:
    environment = {**os.environ, "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": REGION}
    command = [str(SAM), "validate", "--template-file", str(TEMPLATE), *options]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT)
    assert done.returncode == 0, done.stdout + done.stderr

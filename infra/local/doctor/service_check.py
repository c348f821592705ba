"""The installed service: whether systemd has it running."""

import shutil
import subprocess

from functions.shared.runtime.child_environment import child_environment
from infra.local.doctor.findings import Finding, fault, fine, nothing

_SECONDS = 5.0


def look_at_service(name: str) -> list[Finding]:
    """Nothing where systemd cannot be asked; it may block for some seconds."""
    systemctl = shutil.which("systemctl")
    if systemctl is None:
        return []
    command = [systemctl, "show", "--property=ActiveState,SubState,Result,StatusText,ExecMainStatus", name]
    try:
        done = subprocess.run(  # noqa: S603 - our own words
            command,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
            stdin=subprocess.DEVNULL,
            env=child_environment(),
        )
    except (OSError, subprocess.SubprocessError):
        return [nothing(name, "systemd does not answer")]
    return [
        evaluate_service(name, dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line))
    ]


def evaluate_service(name: str, shown: dict[str, str]) -> Finding:
    """Pure. `shown`: the properties that `systemctl show` gives."""
    state, details = shown.get("ActiveState", ""), shown.get("SubState", "")
    if state == "active":
        return fine(name, f"running; {shown['StatusText']}" if shown.get("StatusText") else "running")
    why = f"journalctl -u {name} -n 20 says why"
    if shown.get("ExecMainStatus") == "2":
        return fault(
            name, "it does not run: its settings cannot be used", f"Correct them ({why}), restart it."
        )
    if details == "auto-restart" or state == "failed":
        return fault(name, f"it ends again and again, or has failed ({state}, {details})", f"Look: {why}.")
    return fault(name, f"it does not run ({state or 'not known to systemd'})", f"sudo systemctl start {name}")

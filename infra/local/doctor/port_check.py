"""The ports of the API and of the collector's figures: free, taken by our own bridge, or by somebody else."""

import errno
import socket
from collections.abc import Mapping
from types import MappingProxyType

from collector.metrics.exposition import PREFIX as METRICS_PREFIX
from infra.local.config import is_in_container, open_door
from infra.local.doctor.check import Check, CheckResult, Setup
from infra.local.doctor.findings import Finding, fault, fine, nothing, warning
from infra.local.probes.http import HttpAnswer, HttpRequest, ask

_SECONDS = 3.0
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104
_NOT_ALLOWED = (errno.EACCES, errno.EPERM)


def run(setup: Setup) -> CheckResult:
    host, port = setup.settings.host, setup.settings.port
    error = try_port(host, port)
    if port == 0 and error == 0:
        findings = [nothing("port", "PORT is 0: any free one is taken")]
    else:
        answer = answer_there(host, port, "/api/") if error == errno.EADDRINUSE else None
        is_ours = answer is not None and answer.status == 200 and b"OK" in answer.body[:10]
        findings = [evaluate_port(host, port, error, is_ours)]
    is_there = error in (0, errno.EADDRINUSE, *_NOT_ALLOWED)  # such an address, whatever is with the port
    danger = open_door(setup.settings, is_in_container(setup.environment))
    if is_there and danger is not None:
        found, advice = danger
        findings.append(warning("key", found, f"{advice[0].upper()}{advice[1:]}."))
    return CheckResult(findings)


def run_metrics(setup: Setup) -> CheckResult:
    """The collector on its own can tell its figures."""
    settings = setup.collector or setup.settings
    host, port = settings.metrics_host, settings.metrics_port
    if port == 0:
        return CheckResult([nothing("port", "METRICS_PORT is not set: no figures for Prometheus")])
    error = try_port(host, port)
    answer = answer_there(host, port, "/metrics") if error == errno.EADDRINUSE else None
    is_ours = answer is not None and METRICS_PREFIX.encode() in answer.body
    return CheckResult([evaluate_port(host, port, error, is_ours, "METRICS_")])


API = Check("API", ("HOST", "PORT", "API_KEY"), run, 10, applies=lambda setup: not setup.is_cloud)
METRICS = Check(
    "metrics", ("METRICS_HOST", "METRICS_PORT"), run_metrics, 10, applies=lambda setup: setup.is_cloud
)


def try_port(host: str, port: int) -> int:
    """The errno with which listening there fails, 0 if it does not; -1 for a name that is none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except (socket.gaierror, UnicodeError):
        return -1
    except OSError as error:
        return error.errno or -1
    return 0


def answer_there(
    host: str, port: int, path: str, headers: Mapping[str, str] = MappingProxyType({})
) -> HttpAnswer | None:
    """What this machine is told by who listens there."""
    place = _EVERYWHERE.get(host, f"[{host}]" if ":" in host else host)
    request = HttpRequest(f"http://{place}:{port}{path}", headers=headers, seconds=_SECONDS, is_local=True)
    answer = ask(request)
    return answer if isinstance(answer, HttpAnswer) else None


def evaluate_port(host: str, port: int, error: int, is_ours: bool, family: str = "") -> Finding:
    """Pure. `family` is what the variables of host and port begin with."""
    place = f"{host}:{port}"
    if error == 0:
        return fine("port", f"{place} is free")
    if is_ours:
        return fine("port", f"{place} is used by what runs already")
    if error == errno.EADDRINUSE:
        return fault("port", f"{place} is used by another program", f"Set {family}PORT to a free port.")
    if error in _NOT_ALLOWED:
        found = f"this user may not listen on {place}"
        return fault("port", found, f"Set {family}PORT to 1024 or higher.")
    advice = f"Set {family}HOST to an address of this computer, such as 127.0.0.1 or 0.0.0.0."
    return fault("port", f"nobody can listen on {host} here", advice)

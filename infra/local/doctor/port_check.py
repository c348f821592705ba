"""The port of the API: free, taken by our own bridge, or taken by somebody else."""

import errno
import socket
from collections.abc import Callable
from dataclasses import dataclass

from collector.metrics.exposition import PREFIX as METRICS_PREFIX
from functions.shared.settings import Settings
from infra.local.console import is_beyond_loopback
from infra.local.doctor.findings import CheckResult, Finding, fault, fine, nothing, warning
from infra.local.probes.http import HttpAnswer, HttpRequest, Unreachable

CHECK = "API"
METRICS = "metrics"
_SECONDS = 3.0
_OURS = b"OK"


@dataclass(frozen=True, slots=True)
class PortCheck:
    """Blocking."""

    settings: Settings
    ask: Callable[[HttpRequest], HttpAnswer | Unreachable]

    def look(self) -> CheckResult:
        settings = self.settings
        error = try_port(settings.host, settings.port)
        if settings.port == 0 and error == 0:
            found = [nothing(CHECK, "port", "PORT is 0: any free one is taken")]
        else:
            is_ours = error == errno.EADDRINUSE and self._is_ours()
            found = [evaluate_port(settings.host, settings.port, error, is_ours)]
        if is_host_usable(error) and is_beyond_loopback(settings.host) and not settings.api_key:
            found.append(
                warning(
                    CHECK,
                    "key",
                    f"anyone who reaches {settings.host} can see your printers",
                    "Set API_KEY, or HOST=127.0.0.1.",
                )
            )
        return CheckResult(tuple(found))

    def _is_ours(self) -> bool:
        url = _url(self.settings.host, self.settings.port, "/api/")
        answer = self.ask(HttpRequest(url, seconds=_SECONDS, is_local=True))
        return isinstance(answer, HttpAnswer) and answer.status == 200 and _OURS in answer.body[:10]


@dataclass(frozen=True, slots=True)
class MetricsPortCheck:
    """Blocking. `settings` are those of the collector on its own, which can tell its figures."""

    settings: Settings
    ask: Callable[[HttpRequest], HttpAnswer | Unreachable]

    def look(self) -> CheckResult:
        host, port = self.settings.metrics_host, self.settings.metrics_port
        if port == 0:
            return CheckResult(
                (nothing(METRICS, "port", "METRICS_PORT is not set: no figures for Prometheus"),)
            )
        error = try_port(host, port)
        is_ours = False
        if error == errno.EADDRINUSE:
            answer = self.ask(HttpRequest(_url(host, port, "/metrics"), seconds=_SECONDS, is_local=True))
            is_ours = isinstance(answer, HttpAnswer) and METRICS_PREFIX.encode() in answer.body
        return CheckResult((evaluate_port(host, port, error, is_ours, "METRICS_"),))


def _url(host: str, port: int, path: str) -> str:
    """Where this machine finds what listens there."""
    place = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{place}:{port}{path}"


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


def is_host_usable(error: int) -> bool:
    """Pure. Whether there is such an address here, whatever is with the port."""
    return error in (0, errno.EADDRINUSE, errno.EACCES, errno.EPERM)


def evaluate_port(host: str, port: int, error: int, is_ours: bool, family: str = "") -> Finding:
    """Pure. `family` is what the variables of host and port begin with."""
    check = METRICS if family else CHECK
    place = f"{host}:{port}"
    if error == 0:
        return fine(check, "port", f"{place} is free")
    if is_ours:
        return fine(check, "port", f"{place} is used by what runs already")
    if error == errno.EADDRINUSE:
        return fault(
            check, "port", f"{place} is used by another program", f"Set {family}PORT to a free port."
        )
    if error in (errno.EACCES, errno.EPERM):
        return fault(
            check, "port", f"this user may not listen on {place}", f"Set {family}PORT to 1024 or higher."
        )
    return fault(
        check,
        "port",
        f"nobody can listen on {host} here",
        f"Set {family}HOST to an address of this computer, such as 127.0.0.1 or 0.0.0.0.",
    )

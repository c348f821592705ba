"""Cloud mode: whose credentials these are, and whether they may do what the collector does.

Rights are tested by doing it, the way the shipper does. AWS documents no order of its checks, so a request
that is refused for another reason would prove nothing; and of S3's conditional writes, `If-Match` asks for
the right to read, which the edge has not. What is written harms nobody:
- one report of kind `collector` with sequence -1, which is older than any: the tracker acknowledges it and
  keeps nothing of it;
- one small file under a name that no printer can have (`doctor~rights`), in each of the two places that the
  edge writes to; it is overwritten at each look, and the bucket's lifecycle removes it.
"""

import secrets
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from functions.shared.domain.keys import digest
from functions.shared.errors import BridgeError, TransientError
from functions.shared.messages.report import Report, ReportKind, encode_report
from functions.shared.ports import FrameStore, Outgoing, Queue
from infra.local.doctor.findings import CheckResult, Finding, fault, fine, warning

CHECK = "AWS"
COLLECTOR_ID = "doctor"
FRAME_KEY = "images/doctor~rights/check/19700101T000000_000000_check.jpg"
LATEST_KEY = "latest/doctor~rights.jpg"
_CONTENT = b"A test file of `printer-bridge doctor`: it may be removed at any time.\n"
_POLICY = "attach the stack's policy to that user (infra/docs/operations.md, `Edge credentials`)"


@dataclass(frozen=True, slots=True)
class RemoteBackend:
    """What the collector ships to, and who asks."""

    identity: Callable[[], Mapping[str, Any]]
    queue: Queue
    frames: FrameStore


@dataclass(frozen=True, slots=True)
class CloudCheck:
    """Blocking. `open_remote_backend` raises BridgeError."""

    open_remote_backend: Callable[[], RemoteBackend]

    def look(self) -> CheckResult:
        try:
            remote_backend = self.open_remote_backend()
        except BridgeError as error:
            return CheckResult((evaluate_refusal("credentials", error),))
        findings = [self._try("credentials", lambda: _whose(remote_backend.identity()))]
        if not _is_hopeless(findings[0]):
            findings.append(self._try("queue", lambda: _send(remote_backend.queue)))
            for key in (FRAME_KEY, LATEST_KEY):
                place = f"bucket, {key.partition('/')[0]}/"
                findings.append(self._try(place, partial(_put, remote_backend.frames, key)))
        return CheckResult(tuple(findings))

    def _try(self, subject: str, act: Callable[[], str]) -> Finding:
        try:
            return fine(CHECK, subject, act())
        except BridgeError as error:
            return evaluate_refusal(subject, error)


def harmless_report() -> Outgoing:
    """A report that the tracker takes and keeps nothing of."""
    report = Report(
        collector_id=COLLECTOR_ID,
        sequence=-1,
        printer_id=COLLECTOR_ID,
        kind=ReportKind.COLLECTOR,
        observed_at=0.0,
        shipped_at=0.0,
    )
    return Outgoing(encode_report(report), report.group, digest("doctor", secrets.token_hex(16)))


def evaluate_refusal(subject: str, error: BridgeError) -> Finding:
    """From the words of `functions.shared.aws.errors`, each of which says what it is. Pure."""
    found, _, _ = str(error).partition("\n")
    words = found.lower()
    if "clock" in words:
        return fault(
            CHECK,
            subject,
            "AWS refuses what is signed with this machine's time: its clock is wrong",
            "Switch on time synchronisation (`sudo timedatectl set-ntp true`).",
        )
    if "credentials are refused" in words or "credentials can be had" in words:
        return fault(
            CHECK,
            subject,
            found,
            "Make a new access key, and set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY "
            "(infra/docs/operations.md, `Edge credentials`).",
        )
    if "not allowed" in words:
        return fault(CHECK, subject, found, f"Let these credentials do it: {_POLICY}.")
    if "no such queue" in words:
        return fault(
            CHECK,
            subject,
            found,
            "Set REPORTS_QUEUE_URL and FRAMES_BUCKET to the stack's outputs ReportsQueueUrl and "
            "FramesBucketName.",
        )
    if "cannot be reached" in words:
        return fault(
            CHECK, subject, found, "Check this machine's network, and AWS_ENDPOINT_URL if it is set."
        )
    if isinstance(error, TransientError):
        return warning(CHECK, subject, found, "Try again later.")
    return fault(CHECK, subject, found, "Check REPORTS_QUEUE_URL, FRAMES_BUCKET and the AWS variables.")


def _whose(identity: Mapping[str, Any]) -> str:
    arn = str(identity.get("Arn", ""))
    return f"of {arn or 'somebody unknown'}"


def _send(queue: Queue) -> str:
    refusals = queue.send([harmless_report()])
    if refusals:
        raise BridgeError(f"a test report was refused: {refusals[0].reason}")
    return "took a test report (the tracker drops it)"


def _put(frames: FrameStore, key: str) -> str:
    with tempfile.TemporaryDirectory(prefix="doctor-") as folder:
        source = Path(folder) / "file"
        source.write_bytes(_CONTENT)
        frames.put(key, source)
    return f"took a test file, {key}"


def _is_hopeless(finding: Finding) -> bool:
    """Whether nothing else of AWS can work either."""
    return finding.advice != "" and "not allowed" not in finding.found

"""Cloud mode: whose credentials these are, and whether they may do what the collector does.

Rights are tested by doing it, the way the shipper does. AWS documents no order of its checks, so a request
that is refused for another reason would prove nothing; and of S3's conditional writes, `If-Match` asks for
the right to read, which the edge has not. What is written harms nobody:
- one report of kind `collector` with sequence -1, which is older than any: the tracker acknowledges it and
  keeps nothing of it;
- one small file under a name that no printer can have (`doctor~rights`), in each of the two places that the
  edge writes to. In `images/`, where nothing can be overwritten, it has another name at each look; the
  bucket's lifecycle removes it.
"""

import secrets
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from functions.shared.domain.keys import IMAGES, LATEST, digest, frame_key
from functions.shared.domain.sites import name_at
from functions.shared.errors import BridgeError, TransientError
from functions.shared.messages.report import Report, ReportKind, encode_report
from functions.shared.ports import FrameStore, Outgoing, Queue
from infra.local.doctor.check import Check, CheckResult, Setup
from infra.local.doctor.findings import Finding, Outcome, fault, fine, warning
from infra.local.doctor.settings_check import CREDENTIALS

COLLECTOR_ID = "doctor"
_PLACE = "doctor~rights"
_CONTENT = b"A test file of `printer-bridge doctor`: it may be removed at any time.\n"
_EDGE_CREDENTIALS = "infra/docs/operations.md, `Edge credentials`"
_SET_KEYS = f"set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY ({_EDGE_CREDENTIALS})"
_WRONG_CLOCK = "AWS refuses what is signed with this machine's time: its clock is wrong"
# What the error says, and the advice; the first that fits.
_ADVICE = {
    "clock": "Switch on time synchronisation (`sudo timedatectl set-ntp true`).",
    "credentials are refused": f"Make a new access key, and {_SET_KEYS}.",
    "credentials can be had": f"Make a new access key, and {_SET_KEYS}.",
    "not allowed": "Let these credentials do it: attach the stack's policy to that user "
    f"({_EDGE_CREDENTIALS}).",
    "no such queue": "Set REPORTS_QUEUE_URL and FRAMES_BUCKET to the stack's outputs ReportsQueueUrl and "
    "FramesBucketName.",
    "cannot be reached": "Check this machine's network, and AWS_ENDPOINT_URL if it is set.",
}


def run(setup: Setup) -> CheckResult:
    from collector.outbox.uploader import open_aws  # loading the library takes a second
    from functions.shared.aws.clients import make_client

    url, bucket = (setup.environment[name].strip() for name in ("REPORTS_QUEUE_URL", "FRAMES_BUCKET"))
    site = setup.environment.get("SITE", "").strip()
    try:
        frames, queue = open_aws(url, bucket, setup.region or "")
        identity = make_client("sts", setup.region)
    except BridgeError as error:
        return CheckResult([evaluate_refusal("credentials", error)])
    findings = [_try("credentials", partial(_whose, identity))]
    is_hopeless = findings[0].outcome is not Outcome.FINE and "not allowed" not in findings[0].found
    if not is_hopeless:
        findings += [
            _try("queue", partial(_send, queue)),
            _try("bucket, images/", partial(_put, frames, new_frame_key(site))),
            _try("bucket, latest/", partial(_put, frames, newest_frame_key(site))),
        ]
    return CheckResult(findings)


CHECK = Check(
    "AWS", ("REPORTS_QUEUE_URL", "FRAMES_BUCKET", CREDENTIALS), run, 90, applies=lambda setup: setup.is_cloud
)


def _try(subject: str, act: Callable[[], str]) -> Finding:
    try:
        return fine(subject, act())
    except BridgeError as error:
        return evaluate_refusal(subject, error)


def new_frame_key(site: str = "") -> str:
    """A frame of no printer and no job, by a name that nothing has."""
    return frame_key(f"{IMAGES}/{name_at(site, _PLACE)}/check/", 0.0, secrets.randbelow(1_000_000))


def newest_frame_key(site: str = "") -> str:
    """The idle frame of no printer."""
    return f"{LATEST}/{name_at(site, _PLACE)}.jpg"


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
    said, _, _ = str(error).partition("\n")
    for words, advice in _ADVICE.items():
        if words in said.lower():
            return fault(subject, _WRONG_CLOCK if words == "clock" else said, advice)
    if isinstance(error, TransientError):
        return warning(subject, said, "Try again later.")
    return fault(subject, said, "Check REPORTS_QUEUE_URL, FRAMES_BUCKET and the AWS variables.")


def _whose(client: Any) -> str:
    from functions.shared.aws.errors import translated

    with translated():
        return f"of {client.get_caller_identity().get('Arn') or 'somebody unknown'}"


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

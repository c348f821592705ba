"""What the collector needs to run on its own, read and checked; every fault is named at once."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from functions.bridge.errors import ConfigurationError
from functions.bridge.settings import Settings, load_settings

_AWS_QUEUE_HOST = re.compile(r"sqs(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|api\.aws)")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]{1,2}")
_WITHOUT_CLOUD = "to run everything on this machine, without AWS, start printer-bridge instead"


@dataclass(frozen=True, slots=True)
class CloudSettings:
    """`inspection_interval`: seconds between the looks that AI in the cloud takes, None if nobody said;
    `region`: of queue and bucket."""

    settings: Settings
    inspection_interval: float | None
    region: str


def read_cloud_settings(
    environment: Mapping[str, str], credential_faults: Callable[[], Sequence[str]] = tuple
) -> CloudSettings:
    """The settings of the program `collector`. Raises ConfigurationError.

    Whether AI is on is known in the cloud only: the edge times its reports for the looks when
    AI_CHECK_INTERVAL_SECONDS is set here too. Otherwise a look waits for the next heartbeat.
    """
    faults: list[str] = []
    settings = Settings()
    try:
        settings = load_settings(environment, "collector")
    except ConfigurationError as error:
        faults += error.faults
    url = environment.get("REPORTS_QUEUE_URL", "").strip()
    faults += [*_queue_faults(url), *_bucket_faults(environment.get("FRAMES_BUCKET", "").strip())]
    region = region_of(url) or environment.get("AWS_DEFAULT_REGION", "").strip()
    if url and not _REGION.fullmatch(region):
        faults.append("AWS_DEFAULT_REGION is needed, such as eu-central-1: REPORTS_QUEUE_URL names no region")
    faults += credential_faults()
    if faults:
        raise ConfigurationError(faults)
    is_timed = bool(environment.get("AI_CHECK_INTERVAL_SECONDS", "").strip())
    return CloudSettings(settings, settings.ai_check_interval_seconds if is_timed else None, region)


def region_of(queue_url: str) -> str | None:
    """The region that a queue's URL names; the bucket of the same stack is there too."""
    try:
        host = urlsplit(queue_url).hostname or ""
    except ValueError:
        return None
    found = _AWS_QUEUE_HOST.fullmatch(host)
    return found[1] if found else None


def _queue_faults(url: str) -> list[str]:
    if not url:
        return [f"REPORTS_QUEUE_URL is needed: the stack's output ReportsQueueUrl ({_WITHOUT_CLOUD})"]
    try:
        path = urlsplit(url).path
    except ValueError:
        return []  # said already
    if path.endswith(".fifo"):
        return []
    return ["REPORTS_QUEUE_URL must be the URL of a FIFO queue: it ends in .fifo"]


def _bucket_faults(bucket: str) -> list[str]:
    if not bucket:
        return ["FRAMES_BUCKET is needed: the stack's output FramesBucketName"]
    if _BUCKET.fullmatch(bucket):
        return []
    return ["FRAMES_BUCKET must be the name of a bucket alone, without s3:// and path"]

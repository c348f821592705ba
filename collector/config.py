"""Where the edge program's settings come from, and whether they are enough to ship to AWS."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values

from functions.shared.errors import ConfigurationError
from functions.shared.settings import Settings, load_settings


def read_environment(folder: Path, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables of `.env` in that folder, overridden by those of the process.

    Raises ConfigurationError when there is such a file and it cannot be read.
    """
    given = os.environ if environment is None else environment
    try:
        read = dotenv_values(folder / ".env")
    except UnicodeDecodeError:
        raise ConfigurationError([".env must be text in UTF-8"]) from None
    except OSError as error:
        raise ConfigurationError([f".env cannot be read: {error.strerror or error}"]) from None
    return {name: value for name, value in read.items() if value is not None} | dict(given)


def credential_faults() -> list[str]:
    """What a person has to mend, in words; empty while they may yet come from a helper program.

    Looks where boto3 does: environment, profile, helper program. The names and never the values are said.
    """
    import botocore.session
    from botocore import exceptions

    try:
        credentials = botocore.session.Session().get_credentials()
    except exceptions.PartialCredentialsError as error:
        return [f"AWS credentials are given by halves: {error.kwargs.get('cred_var')} is missing"]
    except exceptions.ProfileNotFound as error:
        return [f"AWS_PROFILE is {error.kwargs.get('profile')!r:.80}, and there is no such profile"]
    except (exceptions.ConfigNotFound, exceptions.ConfigParseError):
        return ["AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE cannot be read"]
    except exceptions.BotoCoreError:
        return []  # a helper program that has no network yet
    if credentials is None:
        return ["AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are needed (or AWS_PROFILE)"]
    return []


# The suffixes of all partitions of AWS, for IPv4 alone and for both.
_AWS_SUFFIXES = (
    "amazonaws.com",  # everywhere else, and GovCloud
    "api.aws",
    "amazonaws.com.cn",
    "api.amazonwebservices.com.cn",
    "amazonaws.eu",
    "api.amazonwebservices.eu",
    "c2s.ic.gov",
    "api.aws.ic.gov",
    "sc2s.sgov.gov",
    "api.aws.scloud",
    "cloud.adc-e.uk",
    "api.cloud-aws.adc-e.uk",
    "csp.hci.ic.gov",
    "api.aws.hci.ic.gov",
)
_AWS_QUEUE_HOST = re.compile(rf"sqs(?:-fips)?\.([a-z0-9-]+)\.(?:{'|'.join(map(re.escape, _AWS_SUFFIXES))})")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-[0-9]{1,2}")
_WITHOUT_CLOUD = "to run everything on this machine, without AWS, start printer-bridge instead"


@dataclass(frozen=True, slots=True)
class CloudSettings:
    """`inspection_interval`: seconds between the checks that AI in the cloud takes, None if nobody said;
    `region`: of queue and bucket."""

    settings: Settings
    inspection_interval: float | None
    region: str


def read_cloud_settings(
    environment: Mapping[str, str], credential_faults: Callable[[], Sequence[str]] = tuple
) -> CloudSettings:
    """The settings of the program `collector`. Raises ConfigurationError.

    Whether AI is on is known in the cloud only: the edge times its reports for the checks when
    AI_CHECK_INTERVAL_SECONDS is set here too. Otherwise a check waits for the next heartbeat.
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

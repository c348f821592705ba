"""List prices of us-east-1 in US dollars, free tiers left out: the one place where they stand.

Sources: AWS's prices for SQS, S3, Lambda (arm64), DynamoDB (on demand), API Gateway (REST), CloudWatch and
data transfer, as others quoted them in 2025 and 2026. Check them before a promise.
"""

from dataclasses import dataclass
from enum import Enum

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """`dollars` for `per` of the unit; `free` of them a month are free for every account, always."""

    what: str
    dollars: float
    per: int = 1
    free: float = 0

    def of(self, count: float) -> float:
        return count * self.dollars / self.per


class Unit(Enum):
    """What is counted, and its price."""

    FIFO_REQUEST = Price("SQS FIFO requests (64 KB each)", 0.50, MILLION, free=MILLION)
    STANDARD_REQUEST = Price(
        "SQS standard requests (64 KB each)", 0.40, MILLION
    )  # the free million is shared
    S3_PUT = Price("S3 PUT of frames and films", 0.005, 1000)
    S3_PUT_LATEST = Price("S3 PUT of idle pictures (latest/)", 0.005, 1000)
    S3_LIST = Price("S3 LIST", 0.005, 1000)
    S3_GET = Price("S3 GET", 0.0004, 1000)
    S3_GB_MONTH = Price("S3 storage (GB-month)", 0.023)
    S3_TAG_MONTH = Price("S3 object tags (tag-month)", 0.01, 10_000)
    WRITE_UNIT = Price("DynamoDB write units", 0.625, MILLION)
    READ_UNIT = Price("DynamoDB read units", 0.125, MILLION)
    INVOCATION = Price("Lambda invocations", 0.20, MILLION, free=MILLION)
    GB_SECOND = Price("Lambda GB-seconds", 0.0000133334, free=400_000)
    API_REQUEST = Price("API Gateway requests", 3.50, MILLION)
    LOG_GB = Price("logs, taken in (GB)", 0.50, free=5)
    LOG_GB_MONTH = Price("logs, kept (GB-month)", 0.03)
    OUT_GB = Price("data out: Telegram and API (GB)", 0.09, free=100)
    ALARM = Price("CloudWatch alarms", 0.10, free=10)
    DASHBOARD = Price("CloudWatch dashboards", 3.00, free=3)
    METRIC = Price("CloudWatch custom metrics", 0.30, free=10)

    @property
    def price(self) -> Price:
        return self.value

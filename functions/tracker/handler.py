"""Lambda entry of the tracker: reports from SQS in, records and effects out."""

import functools
from collections.abc import Iterable, Mapping
from typing import Any

from functions.shared.aws.bootstrap import LambdaContext, QueueName, Secret, make_runtime, start_early
from functions.shared.aws.lambda_consumer import LambdaConsumer
from functions.shared.aws.observability import Metric
from functions.shared.aws.senders import Senders
from functions.shared.dispatch import Done, Received, Settlement
from functions.shared.messages.report import Report
from functions.shared.ports import Delivery
from functions.tracker.service import build_service, lateness_of, record_key


@functools.cache
def worker() -> LambdaConsumer[Report]:
    """Made once per container."""
    runtime = make_runtime("tracker")
    backends, metrics = runtime.backends, runtime.metrics
    has_ai = backends.has(Secret.OPENROUTER_KEY)
    senders = Senders(backends.records, backends.clock)
    service = build_service(
        backends, backends.settings, has_ai, watches_collectors=True, site_of=senders.site_of
    )

    def handle(message: Received[Report]) -> Settlement:
        settlement = service.handle(message)
        if isinstance(settlement, Done):
            metrics.add(Metric.REPORTS_HANDLED, 1)
            metrics.add(Metric.REPORT_DELAY, lateness_of(message, backends.clock()))
        return settlement

    def first_reads(report: Report, delivery: Delivery) -> Iterable[str]:
        yield from senders.first_reads(delivery.sender)
        yield record_key(report)

    return LambdaConsumer(runtime, QueueName.REPORTS, service, handle, first_reads=first_reads)


def handle(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """A batch of reports; the answer names those that come again."""
    return worker().consume(event, context)


start_early(worker)

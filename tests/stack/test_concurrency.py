"""A new AWS account has ten executions in all, and none of them can be reserved: nobody takes all of them.

Sources: AWS Lambda Developer Guide, "Lambda quotas", "Configuring reserved concurrency" (what is unreserved
may not fall below 100, in such accounts below ten), "Configuring scaling behavior for SQS event source
mappings"; API Gateway Developer Guide, "Throttle requests to your REST APIs" (a token bucket: rate, and burst
as its size).
"""

import json
import math
from collections.abc import Mapping
from typing import Any

import pytest

from functions.api.overview import refresh_seconds
from functions.chat.registration import CONNECTIONS
from functions.shared.aws.clients import make_client
from tests.stack.cloud_template import EVERYTHING_ON, Stack, short, source
from tests.support.aws.places import aws_environment

ACCOUNT = 10
START_SECONDS = 2.0  # of a new container, which counts too; the API's takes 1 s of a whole processor here
FILES = (
    "/",
    "/web/{file}",
)  # the page's: no store is asked for them, so a start is all that they can wait for
BY_ITSELF = "/docs"  # the gateway's own answer: no execution
TELL = {"TrackerFunction", "NotifyFunction"}
HOUR = 3600
HOOK = "/telegram"
FIRST_BACK_OFF_SECONDS = 1.0  # at most: botocore, standard mode
OF_CONCURRENCY = ("TrackerConcurrency", "NotifyConcurrency", "InspectionConcurrency", "TimelapseConcurrency")


@pytest.fixture(scope="module")
def stack() -> Stack:
    return Stack(**EVERYTHING_ON)


def mappings(stack: Stack) -> dict[str, Mapping[str, Any]]:
    return {short(it["FunctionName"]): it for it in stack.of_type("AWS::Lambda::EventSourceMapping").values()}


def most_of_workers(stack: Stack) -> dict[str, int]:
    """How many executions of each function its queue can start at once."""
    found = mappings(stack).items()
    return {name: int(stack.value(it["ScalingConfig"]["MaximumConcurrency"])) for name, it in found}


def most_of_the_api(stack: Stack) -> int:
    """The same of the gateway, with every call a new container and taking all of its time."""
    longest: float = START_SECONDS + stack.properties("ApiFunction")["Timeout"]
    return sum(
        burst + math.floor(rate * (START_SECONDS if path in FILES else longest))
        for path, (rate, burst) in bounds(stack).items()
        if path not in (BY_ITSELF, HOOK)
    )


def most_of_the_chat(stack: Stack) -> int:
    """Telegram's one, which may take all of its time, and strangers', who are refused at once."""
    rate, burst = bounds(stack)[HOOK]
    return 0 if burst == 0 else CONNECTIONS + math.floor(rate * START_SECONDS)


def bounds(stack: Stack) -> dict[str, tuple[float, int]]:
    """Of each path that has its own, by the path: so many requests a second, and at once."""
    return {
        _path(settings["ResourcePath"]): (
            float(stack.value(settings["ThrottlingRateLimit"])),
            int(stack.value(settings["ThrottlingBurstLimit"])),
        )
        for settings in stack.properties("RestApiprodStage")["MethodSettings"]
    }


def _path(written: str) -> str:
    """Of a method's settings: a slash within it stands as `~1`."""
    return written[1:].replace("~1", "/") if "~1" in written else written


def test_the_api_at_its_bounds_leaves_tracker_and_notify_all_they_can_use(stack: Stack) -> None:
    workers = most_of_workers(stack)
    assert most_of_the_api(stack) + sum(workers[name] for name in TELL) <= ACCOUNT
    assert most_of_the_chat(stack) == 0, "it is off by default"


def test_who_turns_the_chat_on_in_such_an_account_has_one_request_less_at_once() -> None:
    answered = Stack(**EVERYTHING_ON, ChatAnswers="1", ApiRequestsAtOnce="1")
    workers = most_of_workers(answered)
    others = most_of_the_api(answered) + most_of_the_chat(answered)
    assert others + sum(workers[name] for name in TELL) <= ACCOUNT


def test_the_workers_at_their_bounds_fit_together_with_the_schedule(stack: Stack) -> None:
    workers = most_of_workers(stack)
    by_schedule = {short(it["Targets"][0]["Arn"]) for it in stack.of_type("AWS::Events::Rule").values()}
    assert {*workers, *by_schedule, "ApiFunction"} == set(stack.of_type("AWS::Lambda::Function"))
    assert stack.properties("LivenessFunction")["Timeout"] < 300, "the next run comes after that"
    assert sum(workers.values()) + len(by_schedule) <= ACCOUNT


def test_nothing_is_reserved_as_such_an_account_cannot(stack: Stack) -> None:
    for function in stack.of_type("AWS::Lambda::Function").values():
        assert "ReservedConcurrentExecutions" not in function


def test_the_bounds_of_the_gateway_hold_for_every_path_with_and_without_a_key(stack: Stack) -> None:
    every, *pages = stack.properties("RestApiprodStage")["MethodSettings"]
    assert (every["ResourcePath"], every["HttpMethod"]) == ("/*", "*")
    throttle = stack.properties("ApiUsagePlan")["Throttle"]
    assert throttle["RateLimit"] == every["ThrottlingRateLimit"]
    assert throttle["BurstLimit"] == every["ThrottlingBurstLimit"]
    assert Stack(ApiKeyRequired="false").properties("RestApiprodStage")["MethodSettings"] == [every, *pages]


def test_who_loads_pages_takes_nothing_from_who_asks_for_data(stack: Stack) -> None:
    assert set(bounds(stack)) == {"/*", *FILES, BY_ITSELF, HOOK}
    assert {bounds(stack)[path] for path in (*FILES, BY_ITSELF)} == {(0.4, 1)}


def test_several_pages_can_be_open_at_once(stack: Stack) -> None:
    rate, burst = bounds(stack)["/*"]
    assert rate * refresh_seconds(50, is_embedded=False) > 4
    assert burst >= 3


def test_what_finds_no_execution_waits_in_its_queue_for_an_hour_and_more(stack: Stack) -> None:
    """A delivery that Lambda could not start counts as one, and comes again after the queue's visibility."""
    for mapping in mappings(stack).values():
        queue = stack.properties(short(mapping["EventSourceArn"]))
        receives = queue["RedrivePolicy"]["maxReceiveCount"] if "RedrivePolicy" in queue else math.inf
        assert receives * queue["VisibilityTimeout"] >= HOUR
        assert queue["MessageRetentionPeriod"] >= 24 * HOUR
    # Lambda itself keeps a run of the schedule for six hours, unless it is told otherwise.
    assert not stack.of_type("AWS::Lambda::EventInvokeConfig")


def test_a_larger_account_can_have_more() -> None:
    larger = Stack(
        **EVERYTHING_ON,
        **dict.fromkeys(OF_CONCURRENCY, "50"),
        ApiRequestsPerSecond="20",
        ApiRequestsAtOnce="40",
        PageRequestsPerSecond="5",
        PageRequestsAtOnce="20",
    )
    assert set(most_of_workers(larger).values()) == {50}
    assert most_of_the_api(larger) == 40 + 20 * 6 + 2 * (20 + 5 * 2)
    assert {source()["Parameters"][name]["MinValue"] for name in OF_CONCURRENCY} == {2}, "the least AWS takes"


def test_who_is_refused_is_told_in_words_and_when_to_come_again(stack: Stack) -> None:
    answers = stack.properties("RestApi")["Body"]["x-amazon-apigateway-gateway-responses"]
    for kind in ("THROTTLED", "QUOTA_EXCEEDED"):
        assert answers[kind]["statusCode"] == "429"
        said = json.loads(answers[kind]["responseTemplates"]["application/json"])
        assert said["detail"].startswith("too many requests")
    after = answers["THROTTLED"]["responseParameters"]["gatewayresponse.header.Retry-After"]
    assert int(after.strip("'")) >= 1 / float(stack.parameters["ApiRequestsPerSecond"])


@pytest.mark.parametrize("service", ["dynamodb", "s3"])
def test_a_store_that_hangs_is_said_before_the_api_s_time_is_over(stack: Stack, service: str) -> None:
    with aws_environment():
        config: Any = make_client(service, is_awaited=True).meta.config
        patient: Any = make_client(service).meta.config
    tries = config.retries["total_max_attempts"]
    longest = tries * max(config.connect_timeout, config.read_timeout) + FIRST_BACK_OFF_SECONDS
    assert tries == 2
    assert longest < stack.properties("ApiFunction")["Timeout"]
    assert patient.read_timeout > config.read_timeout, "a worker has the time"
    assert patient.max_pool_connections == config.max_pool_connections

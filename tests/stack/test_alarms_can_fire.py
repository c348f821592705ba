"""Each alarm can fire for the state that it is for, whenever within a period of CloudWatch that begins:
derived from the template's figures and the timing of runs.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from functions.inspection.policy import LATE_SECONDS
from functions.inspection.service import TRIES
from functions.notify.handler import MESSAGE_SECONDS
from functions.shared.aws.lambda_consumer import hold_seconds
from functions.shared.consumer import TIME_RESERVE_SECONDS
from functions.shared.starts import STARTS_LIMIT
from functions.timelapse.plan import FRAMES_WAIT_SECONDS
from tests.stack.alarm_course import Sample, fires_at
from tests.stack.cloud_template import EVERYTHING_ON, Stack, short

HOUR = 3600.0
QUEUES = {
    "Tracker": "ReportsQueue",
    "Notify": "NotificationsQueue",
    "Inspection": "InspectionsQueue",
    "Timelapse": "TimelapsesQueue",
}
POLL_SECONDS = 20.0  # of Lambda, at most, until it sees that a message may be had again
METRIC_DELAY = 60.0
# After three receives a message of a standard queue is not the oldest any more. Source: Amazon SQS Developer
# Guide, "Available CloudWatch metrics for Amazon SQS", ApproximateAgeOfOldestMessage.
RECEIVES_SEEN = 3
PAGE_REFRESH, SCHEDULE = 15.0, 300.0
ODD_CLIENT = 120.0  # somebody who asks the API now and then; Lambda asks oftener for a message that waits

Course = list[Sample]


@pytest.fixture(scope="module")
def stack() -> Stack:
    return Stack(**EVERYTHING_ON)


@pytest.fixture(scope="module")
def alarms(stack: Stack) -> dict[str, dict[str, Any]]:
    return stack.of_type("AWS::CloudWatch::Alarm")


def timeout(stack: Stack, function: str) -> float:
    return float(stack.properties(f"{function}Function")["Timeout"])


def hold(stack: Stack, function: str, longest: float = math.inf) -> float:
    """How long a message is nobody else's once a run has begun with it."""
    return hold_seconds(min(timeout(stack, function) - TIME_RESERVE_SECONDS, longest))


def every(seconds: float, value: float = 1.0, since: float = 0.0, until: float = HOUR) -> Course:
    count = math.ceil((until - since) / seconds)
    times = [since + number * seconds for number in range(count)]
    return [Sample(at, value, at + METRIC_DELAY) for at in times]


def killed_runs(each: float, lives: float, starts: int) -> Course:
    """Errors of runs that one message kills: stamped with their begin, and told at their end."""
    begins = [number * each for number in range(starts)]
    return [Sample(at, 1.0, at + lives + METRIC_DELAY) for at in begins]


def age(until: float = 6 * HOUR) -> Course:
    return [Sample(at, at, at + METRIC_DELAY) for at in map(float, range(60, int(until), 60))]


def age_in_standard_queue(visibility: float) -> Course:
    """Of a message that is received each time it may be, and with which no run can begin."""
    return age((RECEIVES_SEEN - 1) * visibility)


def kills(stack: Stack, function: str) -> Iterator[Course]:
    """By memory at once, or by the end of the function's time; with all that it may have in hand."""
    holds = {hold(stack, function)}
    starts = TRIES if function == "Inspection" else STARTS_LIMIT
    if function == "Notify":
        holds.add(hold(stack, function, MESSAGE_SECONDS))
    for each in holds:
        for lives in (1.0, timeout(stack, function)):
            yield killed_runs(each, lives, starts)
            yield killed_runs(each + POLL_SECONDS, lives, starts)


def courses_of(stack: Stack, alarm: Mapping[str, Any]) -> list[Course]:
    """Every course of its metric that the alarm is for."""
    named = {it["Name"]: short(it["Value"]) for it in alarm.get("Dimensions", [])}
    function = named.get("FunctionName", "").removesuffix("Function")
    queue = named.get("QueueName", "")
    match alarm["MetricName"]:
        case "Errors" if function in QUEUES:
            return list(kills(stack, function))
        case "Errors":
            return [every(SCHEDULE if function == "Liveness" else ODD_CLIENT)]
        case "Throttles":  # whichever function is refused: seldomest the one of the schedule
            return [every(SCHEDULE), every(ODD_CLIENT)]
        case "ApproximateNumberOfMessagesVisible":
            return [every(60.0)]
        case "ApproximateAgeOfOldestMessage" if stack.properties(queue).get("FifoQueue"):
            return [age()]
        case "ApproximateAgeOfOldestMessage":
            return [age_in_standard_queue(stack.properties(queue)["VisibilityTimeout"])]
        case "NumberOfMessagesSent":  # the last report came a while ago
            return [every(SCHEDULE, since=-2 * HOUR, until=0.0)]
        case "Defects":
            return [[Sample(0.0, 1.0, METRIC_DELAY)]]
        case "5XXError":
            return [every(PAGE_REFRESH)]
        case other:
            raise AssertionError(f"no state is known that an alarm on {other} is for")


def never_fires(alarm: Mapping[str, Any], course: Sequence[Sample], until: float = 12 * HOUR) -> list[int]:
    """The moments within its periods at which the state may begin without that it fires."""
    period = int(alarm["Period"])
    return [at for at in range(0, period, 10) if fires_at(alarm, course, at, until) is None]


def test_every_alarm_fires_whenever_its_state_begins(stack: Stack, alarms: dict[str, dict[str, Any]]) -> None:
    for name, alarm in alarms.items():
        for course in courses_of(stack, alarm):
            assert never_fires(alarm, course) == [], name


def test_so_the_alarms_of_before_could_not(stack: Stack, alarms: dict[str, dict[str, Any]]) -> None:
    """Two of three periods of five minutes, with the queue's own visibility from try to try."""
    former = alarms["NotifyErrorsAlarm"] | {"Period": 300, "EvaluationPeriods": 3, "DatapointsToAlarm": 2}
    visibility = stack.properties("NotificationsQueue")["VisibilityTimeout"]
    assert len(never_fires(former, killed_runs(visibility, 1.0, 10), 3 * HOUR)) == 30
    # Nor for sure where a killed run holds up its group for a minute: five of them may fall into one period.
    held = hold(stack, "Notify", MESSAGE_SECONDS)
    assert never_fires(former, killed_runs(held, 1.0, STARTS_LIMIT), HOUR)


def test_one_killed_run_is_not_worth_a_mail(stack: Stack, alarms: dict[str, dict[str, Any]]) -> None:
    for name, alarm in alarms.items():
        if alarm["MetricName"] in ("Errors", "Throttles"):
            assert len(never_fires(alarm, killed_runs(HOUR, 1.0, 1), HOUR)) == 6, name


def test_who_is_watched_by_nobody_is_told_in_time(stack: Stack, alarms: dict[str, dict[str, Any]]) -> None:
    """From the first killed run, and from the first message that waits."""
    for name in QUEUES:
        for course in kills(stack, name):
            at = fires_at(alarms[f"{name}ErrorsAlarm"], course, 0, 12 * HOUR)
            assert at is not None
            assert at <= 900, name


def test_all_goes_well_and_no_alarm_fires(stack: Stack, alarms: dict[str, dict[str, Any]]) -> None:
    at_work = every(SCHEDULE, since=-2 * HOUR, until=2 * HOUR)
    assert len(never_fires(alarms["SilenceAlarm"], at_work, HOUR)) == 30
    # A film may wait for its frames for half an hour, though by then it is no oldest message any more.
    assert alarms["TimelapsesWaitAlarm"]["Threshold"] > FRAMES_WAIT_SECONDS
    assert alarms["InspectionsWaitAlarm"]["Threshold"] > LATE_SECONDS


@pytest.mark.parametrize(
    ("function", "longest", "most_seconds"),
    [
        ("Notify", MESSAGE_SECONDS, 66),
        ("Notify", math.inf, 186),  # films, which hold up films
        ("Tracker", math.inf, 51),
        ("Inspection", math.inf, 126),  # a standard queue: nothing else waits
        ("Timelapse", math.inf, 306),
    ],
)
def test_a_run_that_is_killed_holds_up_its_group_for_seconds_or_minutes_and_never_for_days(
    stack: Stack, function: str, longest: float, most_seconds: float
) -> None:
    held = hold(stack, function, longest)
    assert held <= most_seconds
    assert held > min(timeout(stack, function), longest), "it lives no longer than that"
    assert held < stack.properties(QUEUES[function])["VisibilityTimeout"]
    assert (STARTS_LIMIT + 1) * (held + POLL_SECONDS) <= HOUR, "until it is set aside"


def test_what_waits_on_purpose_is_not_set_aside_by_its_queue(stack: Stack) -> None:
    """Handing back is a receive too: the queue's own count is only for what no run can say any more."""
    for function, queue in QUEUES.items():
        redrive = stack.properties(queue).get("RedrivePolicy", {"maxReceiveCount": math.inf})
        assert redrive["maxReceiveCount"] >= 40, function


def test_no_state_is_without_its_alarm(alarms: dict[str, dict[str, Any]]) -> None:
    def watched(metric: str) -> set[str]:
        found = [it for it in alarms.values() if it["MetricName"] == metric]
        return {short(dimension["Value"]) for it in found for dimension in it.get("Dimensions", [])}

    functions = {f"{name}Function" for name in QUEUES} | {"ApiFunction", "ChatFunction", "LivenessFunction"}
    assert watched("Errors") == functions
    assert watched("ApproximateAgeOfOldestMessage") == set(QUEUES.values())
    dead = {f"{queue.removesuffix('Queue')}DeadLetters" for queue in QUEUES.values()}
    assert watched("ApproximateNumberOfMessagesVisible") == dead | {"LivenessDeadLetters"}
    assert [name for name, it in alarms.items() if it["MetricName"] == "Throttles"] == ["ThrottlesAlarm"]

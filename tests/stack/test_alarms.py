"""Nothing fails without somebody being told, and there is one page that shows it all."""

import json
import re
from typing import Any

import pytest

from functions.shared.aws.observability import NAMESPACE, Metric
from tests.stack.cloud_template import EVERYTHING_ON, Stack, short

FUNCTIONS = {
    f"{name}Function" for name in ("Tracker", "Notify", "Inspection", "Timelapse", "Liveness", "Chat", "Api")
}
CUSTOM_METRICS_LIMIT = 10  # what an account has for nothing
DASHBOARD_METRICS_LIMIT = 50


@pytest.fixture(scope="module")
def stack() -> Stack:
    return Stack(**EVERYTHING_ON)


@pytest.fixture(scope="module")
def alarms(stack: Stack) -> dict[str, dict[str, Any]]:
    return stack.of_type("AWS::CloudWatch::Alarm")


def dimensions(metric: dict[str, Any]) -> dict[str, str]:
    return {it["Name"]: short(it["Value"]) for it in metric.get("Dimensions", [])}


def on_queue(alarms: dict[str, dict[str, Any]], queue: str, metric: str) -> dict[str, Any]:
    [found] = [
        it
        for it in alarms.values()
        if it.get("MetricName") == metric and dimensions(it) == {"QueueName": queue}
    ]
    assert found["Namespace"] == "AWS/SQS"
    return found


def custom_metrics(stack: Stack) -> set[str]:
    """Names of our own metrics that the dashboard shows; a "." stands for what is above it."""
    found, above = set(), [""] * 3
    for widget in dashboard(stack)["widgets"]:
        for row in widget["properties"].get("metrics", []):
            above = (
                [old if new == "." else new for old, new in zip(above, row[:3], strict=False)]
                if row[0] != "..."
                else above
            )
            if above[0] == NAMESPACE:
                assert row[2] in ("service", ".")
                found.add(above[1])
    return found


def dashboard(stack: Stack) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(stack.properties("Dashboard")["DashboardBody"]["Fn::Sub"])
    return body


def test_every_alarm_reaches_the_topic_and_says_what_it_means(alarms: dict[str, dict[str, Any]]) -> None:
    for alarm in alarms.values():
        assert [short(it) for it in alarm["AlarmActions"]] == ["AlarmTopic"]
        assert len(alarm["AlarmDescription"]) > 20


def test_the_topic_mails_to_whom_is_named_and_else_to_nobody(stack: Stack) -> None:
    [subscription] = stack.of_type("AWS::SNS::Subscription").values()
    assert subscription["Protocol"] == "email"
    assert stack.value(subscription["Endpoint"]) == "me@example.org"
    assert not Stack().of_type("AWS::SNS::Subscription")
    assert Stack().of_type("AWS::SNS::Topic")


def test_one_dead_letter_is_enough(stack: Stack, alarms: dict[str, dict[str, Any]]) -> None:
    targets = [name for name in stack.of_type("AWS::SQS::Queue") if name.endswith("DeadLetters")]
    assert len(targets) == 5
    for queue in targets:
        alarm = on_queue(alarms, queue, "ApproximateNumberOfMessagesVisible")
        assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
        assert alarm["EvaluationPeriods"] == 1
        assert alarm["TreatMissingData"] == "notBreaching"


def test_errors_of_every_function_are_announced_when_they_do_not_pass(
    alarms: dict[str, dict[str, Any]],
) -> None:
    found = {
        dimensions(alarm)["FunctionName"]: alarm
        for alarm in alarms.values()
        if alarm["MetricName"] == "Errors"
    }
    assert set(found) == FUNCTIONS
    for alarm in found.values():
        assert alarm["Namespace"] == "AWS/Lambda"
        assert (alarm["Statistic"], alarm["Period"]) == ("Sum", 60)
        assert (alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == (2, 15)
        assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)


def test_that_no_execution_is_free_is_announced_whichever_function_it_is_of(
    stack: Stack, alarms: dict[str, dict[str, Any]]
) -> None:
    alarm = alarms["ThrottlesAlarm"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Lambda", "Throttles")
    assert dimensions(alarm) == {}, "the account's: of all its functions, which share its executions"
    assert all("ReservedConcurrentExecutions" not in stack.properties(name) for name in FUNCTIONS)
    shown = json.dumps(dashboard(stack)["widgets"])
    assert "Throttles" in shown


def test_faults_that_a_function_got_over_are_announced(alarms: dict[str, dict[str, Any]]) -> None:
    alarm = alarms["DefectsAlarm"]
    assert (alarm["Namespace"], alarm["MetricName"]) == (NAMESPACE, Metric.DEFECTS.value[0])
    assert dimensions(alarm) == {"service": "AWS::StackName"}


def test_faults_of_the_api_are_announced(alarms: dict[str, dict[str, Any]]) -> None:
    alarm = alarms["ApiFaultsAlarm"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/ApiGateway", "5XXError")
    assert dimensions(alarm) == {"ApiName": "AWS::StackName", "Stage": "prod"}


def test_what_waits_for_long_is_announced(alarms: dict[str, dict[str, Any]]) -> None:
    waits = {
        "ReportsQueue": 300,
        "NotificationsQueue": 1800,
        "InspectionsQueue": 900,
        "TimelapsesQueue": 2700,
    }
    for queue, seconds in waits.items():
        alarm = on_queue(alarms, queue, "ApproximateAgeOfOldestMessage")
        assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", seconds)


def test_silence_of_all_collectors_is_announced_even_when_nothing_is_measured_any_more(
    alarms: dict[str, dict[str, Any]],
) -> None:
    alarm = on_queue(alarms, "ReportsQueue", "NumberOfMessagesSent")
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    assert 900 <= alarm["Period"] * alarm["EvaluationPeriods"] <= 1800
    assert alarm["TreatMissingData"] == "breaching"
    assert [short(it) for it in alarm["OKActions"]] == ["AlarmTopic"]


def test_the_dashboard_shows_every_metric_of_ours_and_there_are_few(stack: Stack) -> None:
    ours = {measure.value[0] for measure in Metric}
    assert custom_metrics(stack) == ours
    assert len(ours) <= CUSTOM_METRICS_LIMIT


def test_the_functions_write_the_metrics_that_the_dashboard_shows(stack: Stack) -> None:
    for name in FUNCTIONS:
        variables = stack.properties(name)["Environment"]["Variables"]
        assert variables["POWERTOOLS_METRICS_NAMESPACE"] == NAMESPACE
        assert short(variables["POWERTOOLS_SERVICE_NAME"]) == "AWS::StackName"


def test_the_dashboard_names_only_what_is_there(stack: Stack, alarms: dict[str, dict[str, Any]]) -> None:
    widgets = dashboard(stack)["widgets"]
    rows = [row for widget in widgets for row in widget["properties"].get("metrics", [])]
    assert len(rows) <= DASHBOARD_METRICS_LIMIT
    named = set(re.findall(r"\$\{([A-Za-z]+)(?:\.\w+)?\}", json.dumps(widgets)))
    assert named <= set(stack.resources)
    shown = {it.removesuffix(".Arn}").removeprefix("${") for it in widgets[0]["properties"]["alarms"]}
    assert shown == set(alarms)
    assert list(stack.of_type("AWS::CloudWatch::Dashboard")) == ["Dashboard"]

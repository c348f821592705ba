"""Every function: the runtime, its bounds, its logs, how it is called, and what happens when that fails."""

import re
from typing import Any

import pytest

from tests.stack.cloud_template import EVERYTHING_ON, ROOT, Stack, short, source

FUNCTIONS = ("tracker", "notify", "inspection", "timelapse", "liveness", "chat", "api")
QUEUES = {
    "tracker": "ReportsQueue",
    "notify": "NotificationsQueue",
    "inspection": "InspectionsQueue",
    "timelapse": "TimelapsesQueue",
}
LAMBDA_SECONDS_LIMIT = 900
KNOWN_RUNTIMES = {"python3.11", "python3.12", "python3.13", "python3.14"}


@pytest.fixture(scope="module")
def stack() -> Stack:
    return Stack(**EVERYTHING_ON)


def function(stack: Stack, name: str) -> dict[str, Any]:
    return stack.properties(f"{name.capitalize()}Function")


def mapping(stack: Stack, name: str) -> dict[str, Any]:
    mappings = stack.of_type("AWS::Lambda::EventSourceMapping").values()
    [found] = [it for it in mappings if short(it["FunctionName"]) == f"{name.capitalize()}Function"]
    return found


def test_there_are_these_functions_and_no_other(stack: Stack) -> None:
    found = stack.of_type("AWS::Lambda::Function")
    assert set(found) == {f"{name.capitalize()}Function" for name in FUNCTIONS}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_runs_where_and_as_long_as_lambda_lets_it(stack: Stack, name: str) -> None:
    properties = function(stack, name)
    assert stack.value(properties["Runtime"]) == "python3.13"
    assert [stack.value(it) for it in properties["Architectures"]] == ["arm64"]
    assert 1 <= properties["Timeout"] <= LAMBDA_SECONDS_LIMIT
    assert 128 <= properties["MemorySize"] <= 10_240
    assert "ReservedConcurrentExecutions" not in properties
    assert set(source()["Parameters"]["PythonVersion"]["AllowedValues"]) <= KNOWN_RUNTIMES


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_handler_is_there(stack: Stack, name: str) -> None:
    module, _, called = function(stack, name)["Handler"].rpartition(".")
    assert module == f"functions.{name}.handler"
    code = (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
    assert re.search(rf"^(def {called}\(|{called}\b.* = )", code, re.MULTILINE)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_logs_are_kept_for_a_bounded_time(stack: Stack, name: str) -> None:
    group = short(function(stack, name)["LoggingConfig"]["LogGroup"])
    assert group == f"{name.capitalize()}Logs"
    assert stack.value(stack.properties(group)["RetentionInDays"]) == "14"


def test_every_log_group_has_a_retention(stack: Stack) -> None:
    groups = stack.of_type("AWS::Logs::LogGroup")
    assert len(groups) == len(FUNCTIONS) + 1
    assert all("RetentionInDays" in group for group in groups.values())


@pytest.mark.parametrize("name", QUEUES)
def test_a_worker_takes_its_queue_and_may_fail_a_part_of_a_batch(stack: Stack, name: str) -> None:
    found = mapping(stack, name)
    assert short(found["EventSourceArn"]) == QUEUES[name]
    assert found["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_message_that_waits_drags_no_other_along(stack: Stack) -> None:
    sizes = {name: mapping(stack, name)["BatchSize"] for name in QUEUES}
    assert sizes == {"tracker": 10, "notify": 1, "inspection": 1, "timelapse": 1}


@pytest.mark.parametrize("name", QUEUES)
def test_a_message_is_not_delivered_again_while_it_is_worked_on(stack: Stack, name: str) -> None:
    visibility = stack.properties(QUEUES[name])["VisibilityTimeout"]
    assert visibility >= 6 * function(stack, name)["Timeout"]
    assert visibility <= 43_200


def test_without_a_key_the_inspections_are_not_even_polled() -> None:
    without = Stack(TelegramBotTokenParameter="/bridge/token")
    assert mapping(without, "inspection")["Enabled"] is False
    assert mapping(Stack(**EVERYTHING_ON), "inspection")["Enabled"] is True
    assert mapping(without, "timelapse").get("Enabled", True) is True


def test_a_film_has_ffmpeg_a_processor_and_room(stack: Stack) -> None:
    properties = function(stack, "timelapse")
    assert properties["Timeout"] == 300
    assert properties["MemorySize"] == 1769
    assert properties["EphemeralStorage"]["Size"] * 2**20 > 2 * 400_000_000
    assert source()["Parameters"]["TimelapseMaxBytes"]["MaxValue"] == 400_000_000
    [layer] = properties["Layers"]
    assert stack.resources[short(layer)]["Type"] == "AWS::Lambda::LayerVersion"
    assert all("Layers" not in function(stack, name) for name in FUNCTIONS if name != "timelapse")


def test_the_collectors_are_looked_for_every_five_minutes(stack: Stack) -> None:
    rule = stack.of_type("AWS::Events::Rule")["LivenessFunctionEveryFiveMinutes"]
    assert rule["ScheduleExpression"] == "rate(5 minutes)"
    [target] = rule["Targets"]
    assert short(target["Arn"]) == "LivenessFunction"


def test_every_asynchronous_hop_has_a_dead_letter_queue(stack: Stack) -> None:
    queues = stack.of_type("AWS::SQS::Queue")
    for it in stack.of_type("AWS::Lambda::EventSourceMapping").values():
        name = short(it["EventSourceArn"])
        variables = stack.properties(short(it["FunctionName"]))["Environment"]["Variables"]
        sets_aside_itself = name == "NotificationsQueue" and "NOTIFICATIONS_DEAD_LETTER_URL" in variables
        assert "RedrivePolicy" in queues[name] or sets_aside_itself
    rules = dict(stack.of_type("AWS::Events::Rule"))
    # It only looks whether all is well, and the next one does too; that updates do not come Telegram says.
    assert "ChatFunction" in str(rules.pop("ChatWebhookSchedule")["Targets"])
    for rule in rules.values():
        for target in rule["Targets"]:
            assert short(target["DeadLetterConfig"]["Arn"]) in queues  # it could not be called
            called = stack.properties(short(target["Arn"]))
            assert short(called["DeadLetterConfig"]["TargetArn"]) in queues  # it was called and failed

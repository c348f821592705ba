"""The declared settings and the template's parameters are the same thing, both ways."""

import re
from typing import Any

import pytest

from functions.shared.setting_types import Declaration, Kind
from functions.shared.settings import declarations, load_settings
from tests.stack.cloud_template import EVERYTHING_ON, Stack, short, source, text

FUNCTIONS = ("tracker", "notify", "inspection", "timelapse", "liveness", "chat", "api")
CLOUD = (*FUNCTIONS, "template")
NAMES = {"OPENROUTER": "OpenRouter"}  # brands are written as they write themselves
OF_THE_STACK = {
    "Architecture",
    "PythonVersion",
    "LogRetentionDays",
    "AlarmEmail",
    "SecretsKmsKeyArn",
    "ApiKeyRequired",
    "ApiRequestsPerSecond",
    "ApiRequestsAtOnce",
    "PageRequestsPerSecond",
    "PageRequestsAtOnce",
    "TrackerConcurrency",
    "NotifyConcurrency",
    "InspectionConcurrency",
    "TimelapseConcurrency",
    "ApiRequestsPerDay",
    "ApiAccessLog",
    "SetApiLogRole",
    "ShowDashboard",
}
KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OF_ALL_FUNCTIONS = {"TABLE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_SERVICE_NAME"}
QUEUE_OF = {
    "tracker": "REPORTS",
    "notify": "NOTIFICATIONS",
    "inspection": "INSPECTIONS",
    "timelapse": "TIMELAPSES",
}
WIRING = {
    "tracker": {
        "NOTIFICATIONS_QUEUE_URL",
        "TIMELAPSES_QUEUE_URL",
        "INSPECTIONS_QUEUE_URL",
        "OPENROUTER_API_KEY_PARAMETER",
    },
    "notify": {"TIMELAPSES_QUEUE_URL", "FRAMES_BUCKET", "TELEGRAM_BOT_TOKEN_PARAMETER"},
    "inspection": {"NOTIFICATIONS_QUEUE_URL", "FRAMES_BUCKET", "OPENROUTER_API_KEY_PARAMETER"},
    "timelapse": {"NOTIFICATIONS_QUEUE_URL", "FRAMES_BUCKET"},
    "liveness": {"NOTIFICATIONS_QUEUE_URL"},
    "chat": {"FRAMES_BUCKET", "COMMANDS_QUEUE_URL", "TELEGRAM_BOT_TOKEN_PARAMETER"},
    "api": {"FRAMES_BUCKET"},
}


def parameter_of(declaration: Declaration) -> str:
    """AI_MODEL is AiModel; of a secret only the name of its SSM parameter is told: ...Parameter."""
    words = [NAMES.get(word, word.capitalize()) for word in declaration.variable.split("_")]
    return "".join(words) + ("Parameter" if declaration.kind is Kind.SECRET else "")


def of_the_cloud() -> dict[str, Declaration]:
    return {parameter_of(it): it for it in declarations() if set(it.programs) & set(CLOUD)}


def environment_of(function: str, stack: Stack) -> dict[str, Any]:
    variables = stack.properties(f"{function.capitalize()}Function")["Environment"]["Variables"]
    return {name: stack.value(value) for name, value in variables.items()}


def test_every_cloud_setting_is_a_parameter_and_every_parameter_a_setting_or_of_the_stack() -> None:
    assert set(source()["Parameters"]) == set(of_the_cloud()) | OF_THE_STACK


@pytest.mark.parametrize("name", of_the_cloud())
def test_defaults_are_those_of_the_settings_table(name: str) -> None:
    default = source()["Parameters"][name]["Default"]
    assert str(default) == ("" if name.endswith("Parameter") else of_the_cloud()[name].default)


@pytest.mark.parametrize("name", of_the_cloud())
def test_what_the_template_takes_the_program_takes(name: str) -> None:
    parameter, parse = source()["Parameters"][name], of_the_cloud()[name].parse
    if name.endswith("Parameter"):
        return  # its value never comes this way
    if of_the_cloud()[name].kind in (Kind.INTEGER, Kind.NUMBER, Kind.SECONDS):
        if parameter["Type"] == "Number":
            for bound in ("MinValue", "MaxValue"):
                parse(str(parameter[bound]))
        else:
            assert parameter["AllowedPattern"] == "^[1-9][0-9]{0,3}$"
            for days in ("1", "9999"):
                parse(days)
    for value in parameter.get("AllowedValues", []):
        assert parse(value) == value


@pytest.mark.parametrize(
    ("name", "values", "is_taken"),
    [
        ("TelegramChatId", ["", "-1001234567890", "42", "@my_channel"], True),
        ("TelegramChatId", ["my_channel", "12a", "@x", "1 2"], False),
        ("TelegramThreadId", ["", "7"], True),
        ("TelegramThreadId", ["x", "0"], False),
        ("TelegramBotTokenParameter", ["", "/a", "/printer-bridge/telegram-bot-token"], True),
        ("TelegramBotTokenParameter", ["123456:ABCdef", "a/b", "/a/", "/a b"], False),
        ("OpenRouterApiKeyParameter", ["", "/printer-bridge/openrouter-api-key"], True),
        ("OpenRouterApiKeyParameter", ["sk-or-v1-abc"], False),
        ("Timezone", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5"], True),
        ("Timezone", ["", "Europe Berlin"], False),
        ("ChatAnswers", ["0", "1"], True),
        ("ChatAnswers", ["", "true"], False),
        ("QuietHours", ["", "22:00-07:00", "9:30-17:05"], True),
        ("QuietHours", ["22-7", "24:00-07:00", "22:00 to 07:00"], False),
        ("TelegramApiUrl", ["https://api.telegram.org", "http://10.0.0.5:8081"], True),
        ("TelegramApiUrl", ["", "api.telegram.org"], False),
        ("ImageRetentionDays", ["1", "7", "365"], True),
        ("ImageRetentionDays", ["0", "0.5", "7.5", "-1", ""], False),
        ("SecretsKmsKeyArn", ["", KEY, KEY.replace("arn:aws:", "arn:aws-us-gov:")], True),
        ("SecretsKmsKeyArn", [KEY.rpartition("/")[2], KEY.replace(":key/", ":alias/"), "alias/mine"], False),
        ("AlarmEmail", ["", "me@example.org"], True),
        ("AlarmEmail", ["me"], False),
    ],
)
def test_a_wrong_value_is_refused_before_anything_is_deployed(
    name: str, values: list[str], is_taken: bool
) -> None:
    pattern = source()["Parameters"][name]["AllowedPattern"]
    assert [bool(re.fullmatch(pattern, value)) for value in values] == [is_taken] * len(values)
    if name in of_the_cloud() and is_taken and not name.endswith("Parameter"):
        for value in values:
            of_the_cloud()[name].parse(value)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_gets_the_settings_it_reads_and_its_wiring_and_nothing_else(function: str) -> None:
    stack = Stack(**EVERYTHING_ON)
    variables = stack.properties(f"{function.capitalize()}Function")["Environment"]["Variables"]
    read = {
        it.variable: parameter_of(it)
        for it in declarations()
        if function in it.programs and it.kind is not Kind.SECRET
    }
    own = {f"{QUEUE_OF[function]}_{what}_URL" for what in ("QUEUE", "DEAD_LETTER") if function in QUEUE_OF}
    assert set(variables) == set(read) | own | WIRING[function] | OF_ALL_FUNCTIONS
    for variable, parameter in read.items():
        assert variables[variable] == {"Ref": parameter}, variable


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_queue_variable_names_the_queue_of_its_name(function: str) -> None:
    for variable, value in environment_of(function, Stack()).items():
        if variable.endswith("_URL") and ("QUEUE" in variable or "DEAD_LETTER" in variable):
            queue = variable.split("_")[0].capitalize()
            assert short(value) == queue + ("DeadLetters" if "DEAD_LETTER" in variable else "Queue")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_can_read_its_settings(function: str) -> None:
    given = environment_of(function, Stack(**EVERYTHING_ON, TelegramChatId="-100123", Timezone="Asia/Tokyo"))
    plain = {name: value for name, value in given.items() if isinstance(value, str)}
    settings = load_settings(plain, function)
    assert function == "api" or settings.telegram_chat_id == "-100123"
    assert function != "notify" or settings.timezone.key == "Asia/Tokyo"


def test_no_secret_is_a_parameter_an_output_or_a_variable() -> None:
    secrets = {it.variable for it in declarations() if it.kind is Kind.SECRET}
    assert {"TELEGRAM_BOT_TOKEN", "OPENROUTER_API_KEY"} <= secrets
    stack = Stack(**EVERYTHING_ON)
    for function in FUNCTIONS:
        assert not secrets & set(environment_of(function, stack))
    assert "resolve:" not in text(), "a dynamic reference would put a secret into the stack"
    assert not stack.of_type("AWS::SecretsManager::Secret", "AWS::SSM::Parameter", "AWS::IAM::AccessKey")
    for name in stack.outputs:
        value = stack.outputs[name]["Value"]
        assert "ApiKey" not in short(value) or "get-api-key" in short(value), name
    assert "NoEcho" not in text(), "a parameter that has to be hidden is a secret"

"""The REST API: its key, its bounds, its log, images as they are; and what the stack tells its user."""

import json
from typing import Any

import pytest

from functions.api.middleware import REFUSED
from tests.stack.cloud_template import EVERYTHING_ON, Stack, short, source

PAGES = ("/", "/web/{file}", "/docs")
BY_ITSELF = "/docs"  # answered by the gateway
HOOK = ("/telegram", "post")


@pytest.fixture(scope="module")
def stack() -> Stack:
    return Stack(**EVERYTHING_ON)


def methods(stack: Stack) -> dict[tuple[str, str], dict[str, Any]]:
    paths = stack.properties("RestApi")["Body"]["paths"]
    return {(path, verb): it for path, verbs in paths.items() for verb, it in verbs.items()}


def test_every_path_leads_to_the_function_and_only_by_get(stack: Stack) -> None:
    found = methods(stack)
    pushed = found.pop(HOOK)["x-amazon-apigateway-integration"]
    assert (pushed["type"], short(pushed["uri"]).rpartition("/functions/")[2]) == (
        "aws_proxy",
        "ChatFunction/invocations",
    )
    assert set(found) == {*((page, "get") for page in PAGES), ("/{proxy+}", "get")}
    for (path, _), method in found.items():
        if path == BY_ITSELF:
            continue
        integration = method["x-amazon-apigateway-integration"]
        assert (integration["type"], integration["httpMethod"]) == ("aws_proxy", "POST")
        assert short(integration["uri"]).endswith("/functions/ApiFunction/invocations")


def test_every_path_but_the_pages_asks_for_the_key_by_default(stack: Stack) -> None:
    assert stack.parameters["ApiKeyRequired"] == "true"
    for (path, verb), method in methods(stack).items():
        is_open = path in PAGES or (path, verb) == HOOK  # a secret of its own says who that is
        assert method["security"] == ([] if is_open else [{"api_key": []}]), path
    scheme = stack.properties("RestApi")["Body"]["components"]["securitySchemes"]["api_key"]
    assert scheme == {"type": "apiKey", "name": "x-api-key", "in": "header"}


def test_the_gateway_sends_who_wants_the_description_to_the_page_that_shows_it(stack: Stack) -> None:
    method = methods(stack)[BY_ITSELF, "get"]
    integration = method["x-amazon-apigateway-integration"]
    assert integration["type"] == "mock"
    assert json.loads(integration["requestTemplates"]["application/json"]) == {"statusCode": 302}
    answer = integration["responses"]["302"]
    assert answer["responseParameters"] == {"method.response.header.Location": "'./?docs'"}
    assert "Location" in method["responses"]["302"]["headers"]


def test_the_key_reaches_the_stage_and_its_value_is_not_ours(stack: Stack) -> None:
    assert "Value" not in stack.properties("ApiKey")
    assert stack.properties("ApiKey")["Enabled"] is True
    joined = stack.properties("ApiUsagePlanKey")
    assert (short(joined["KeyId"]), short(joined["UsagePlanId"])) == ("ApiKey", "ApiUsagePlan")
    [stage] = stack.properties("ApiUsagePlan")["ApiStages"]
    assert (short(stage["ApiId"]), short(stage["Stage"])) == ("RestApi", "RestApiprodStage")


def test_the_key_can_be_done_without_if_somebody_wants_that() -> None:
    opened = Stack(ApiKeyRequired="false")
    assert all(method["security"] == [] for method in methods(opened).values())
    assert not opened.of_type("AWS::ApiGateway::ApiKey", "AWS::ApiGateway::UsagePlan")
    assert "ReadApiKeyCommand" not in opened.outputs


def test_a_refusal_of_the_gateway_is_said_in_the_words_of_the_api(stack: Stack) -> None:
    answers = stack.properties("RestApi")["Body"]["x-amazon-apigateway-gateway-responses"]
    refused = answers["INVALID_API_KEY"]
    assert refused["statusCode"] == "403"
    assert json.loads(refused["responseTemplates"]["application/json"]) == {"detail": REFUSED}


def test_switching_the_key_off_reaches_the_stage() -> None:
    # The definition names a condition, so its text is the same with and without a key, and SAM makes a
    # deployment anew only for another text, or when it is told to do so always.
    definition = source()["Resources"]["RestApi"]["Properties"]
    assert "ApiAsksForKey" in json.dumps(definition["DefinitionBody"])
    assert definition["AlwaysDeploy"] is True


def test_images_pass_as_they_are(stack: Stack) -> None:
    api = stack.properties("RestApi")
    assert api["Body"]["x-amazon-apigateway-binary-media-types"] == ["*/*"]
    assert api["EndpointConfiguration"] == {"Types": ["REGIONAL"]}


def test_a_key_may_ask_for_so_much_a_day(stack: Stack) -> None:
    plan = stack.properties("ApiUsagePlan")
    assert (stack.value(plan["Quota"]["Limit"]), plan["Quota"]["Period"]) == ("200000", "DAY")


@pytest.mark.parametrize("switch", ["ApiAccessLog", "SetApiLogRole"])
def test_the_access_log_holds_no_body_no_header_and_no_key(switch: str) -> None:
    stage = Stack(**{switch: "true"}).properties("RestApiprodStage")
    assert short(stage["AccessLogSetting"]["DestinationArn"]) == "ApiAccessLogs"
    line = json.loads(stage["AccessLogSetting"]["Format"])
    assert {value.removeprefix("$context.") for value in line.values()} == {
        "requestId",
        "requestTimeEpoch",
        "identity.sourceIp",
        "httpMethod",
        "path",
        "status",
        "responseLatency",
        "responseLength",
    }
    for settings in stage["MethodSettings"]:
        assert settings["DataTraceEnabled"] is False
        assert settings["LoggingLevel"] == "OFF"


@pytest.mark.parametrize("logged", [{}, {"ApiAccessLog": "true"}])
def test_what_all_apis_of_the_account_share_is_left_alone(logged: dict[str, str]) -> None:
    stack = Stack(**EVERYTHING_ON, **logged)
    assert not stack.of_type("AWS::ApiGateway::Account")
    assert "ApiLogRole" not in stack.resources
    assert "ApiLogAccount" not in json.dumps(stack.resources)


def test_without_a_role_of_the_account_there_is_no_log_that_would_need_it(stack: Stack) -> None:
    stage = stack.properties("RestApiprodStage")
    assert "AccessLogSetting" not in stage, "AWS makes no such stage without the role"
    assert {it["LoggingLevel"] for it in stage["MethodSettings"]} == {"OFF"}


def test_there_is_one_stage_and_it_waits_for_the_role_that_somebody_asks_for() -> None:
    asked = Stack(SetApiLogRole="true")
    assert list(asked.of_type("AWS::ApiGateway::Stage")) == ["RestApiprodStage"]
    assert "${ApiLogAccount}" in json.dumps(asked.properties("RestApi")["Description"])
    [account] = asked.of_type("AWS::ApiGateway::Account").values()
    assert short(account["CloudWatchRoleArn"]) == "ApiLogRole"


def test_the_role_outlives_the_stack_and_the_wish() -> None:
    # What is left out of the template later is kept too: other APIs write their logs by it.
    asked = Stack(SetApiLogRole="true")
    for name in ("ApiLogAccount", "ApiLogRole"):
        policies = {asked.resources[name][it] for it in ("DeletionPolicy", "UpdateReplacePolicy")}
        assert policies == {"Retain"}


def test_the_stack_tells_what_its_user_needs_next(stack: Stack) -> None:
    told = {name: short(output["Value"]) for name, output in stack.outputs.items()}
    assert told["ApiUrl"] == "https://RestApi.execute-api.AWS::Region.AWS::URLSuffix/prod/api/"
    assert told["PageUrl"] == "https://RestApi.execute-api.AWS::Region.AWS::URLSuffix/prod/"
    assert told["ReadApiKeyCommand"].startswith("aws apigateway get-api-key")
    assert "--api-key ApiKey --include-value --query value" in told["ReadApiKeyCommand"]
    assert told["ReportsQueueUrl"] == "ReportsQueue"
    assert told["CommandsQueueUrl"] == "CommandsQueue"
    assert told["FramesBucketName"] == "FramesBucket"
    assert told["EdgePolicyArn"] == "EdgePolicy"
    assert told["AlarmTopicArn"] == "AlarmTopic"
    assert set(told) == {*told} & {
        "ApiUrl",
        "PageUrl",
        "ReadApiKeyCommand",
        "ReportsQueueUrl",
        "CommandsQueueUrl",
        "FramesBucketName",
        "EdgePolicyArn",
        "AlarmTopicArn",
        "DashboardUrl",
    }
    assert all(output["Description"] for output in stack.outputs.values())

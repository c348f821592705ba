"""Who may do what: these rights and no other, written out."""

import re

import pytest

from tests.stack.cloud_template import EVERYTHING_ON, ROOT, Stack, listed, short, statements

SSM = "arn:AWS::Partition:ssm:AWS::Region:AWS::AccountId:parameter"
LOG = ("logs:CreateLogStream", "logs:PutLogEvents")
TAKE = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility")
# Of a transaction beside its puts. Source: DynamoDB Developer Guide, "Using IAM with DynamoDB transactions".
TRANSACT = ("dynamodb:ConditionCheckItem", "dynamodb:DeleteItem")
FRAMES = ("FramesBucket/images/*", "FramesBucket/latest/*")
SAMPLES = "FramesBucket/samples/*"

Right = tuple[str, str]


def rights(*pairs: tuple[str | tuple[str, ...], str | tuple[str, ...]]) -> set[Right]:
    return {
        (action, resource)
        for actions, resources in pairs
        for action in ([actions] if isinstance(actions, str) else actions)
        for resource in ([resources] if isinstance(resources, str) else resources)
    }


TABLE: dict[str, set[Right]] = {
    "TrackerRole": rights(
        (LOG, "TrackerLogs"),
        (TAKE, "ReportsQueue"),
        (
            "sqs:SendMessage",
            ("ReportsDeadLetters", "NotificationsQueue", "TimelapsesQueue", "InspectionsQueue"),
        ),
        (("dynamodb:GetItem", "dynamodb:PutItem"), "Table"),
    ),
    "NotifyRole": rights(
        (LOG, "NotifyLogs"),
        (TAKE, "NotificationsQueue"),
        ("sqs:SendMessage", ("NotificationsDeadLetters", "NotificationsQueue", "TimelapsesQueue")),
        (("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"), "Table"),
        ("s3:GetObject", FRAMES),
        ("s3:ListBucket", "FramesBucket"),
        ("ssm:GetParameter", f"{SSM}TelegramBotTokenParameter"),
    ),
    "InspectionRole": rights(
        (LOG, "InspectionLogs"),
        (TAKE, "InspectionsQueue"),
        ("sqs:SendMessage", ("InspectionsDeadLetters", "InspectionsQueue", "NotificationsQueue")),
        (("dynamodb:GetItem", "dynamodb:PutItem"), "Table"),
        ("s3:GetObject", FRAMES),
        ("s3:ListBucket", "FramesBucket"),
        ("ssm:GetParameter", f"{SSM}OpenRouterApiKeyParameter"),
    ),
    "TimelapseRole": rights(
        (LOG, "TimelapseLogs"),
        (TAKE, "TimelapsesQueue"),
        ("sqs:SendMessage", ("TimelapsesDeadLetters", "NotificationsQueue")),
        (("dynamodb:GetItem", "dynamodb:PutItem"), "Table"),
        (("s3:GetObject", "s3:PutObject", "s3:PutObjectTagging"), "FramesBucket/images/*"),
        ("s3:ListBucket", "FramesBucket"),
    ),
    "LivenessRole": rights(
        (LOG, "LivenessLogs"),
        ("sqs:SendMessage", ("LivenessDeadLetters", "NotificationsQueue")),
        (("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"), "Table"),
        (TRANSACT, "Table"),
    ),
    "ChatRole": rights(
        (LOG, "ChatLogs"),
        ("sqs:SendMessage", "CommandsQueue"),
        (("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"), "Table"),
        ("s3:GetObject", FRAMES),
        (("s3:PutObject", "s3:DeleteObject"), SAMPLES),
        ("s3:ListBucket", "FramesBucket"),
        ("ssm:GetParameter", f"{SSM}TelegramBotTokenParameter"),
    ),
    "ApiRole": rights(
        (LOG, "ApiLogs"),
        (("dynamodb:GetItem", "dynamodb:Query"), "Table"),
        ("s3:GetObject", (*FRAMES, SAMPLES)),
        ("s3:ListBucket", "FramesBucket"),
    ),
    "EdgePolicy": rights(
        ("sqs:SendMessage", "ReportsQueue"),
        (("sqs:ReceiveMessage", "sqs:DeleteMessage"), "CommandsQueue"),
        ("s3:PutObject", FRAMES),
        ("s3:PutObjectTagging", "FramesBucket/images/*"),
    ),
}
JOBS = "FramesBucket/images/*"
AS_FRAME = {"s3:RequestObjectTag/kind": "frame"}
AS_FILM = {"StringEquals": {"s3:RequestObjectTag/kind": "film"}}
# What else they hang on; what that comes to is tried in test_writes.py.
CONDITIONS = {
    ("EdgePolicy", "s3:PutObject", JOBS): {"StringEquals": {"s3:if-none-match": "*"} | AS_FRAME},
    ("EdgePolicy", "s3:PutObjectTagging", JOBS): {
        "StringEquals": AS_FRAME,
        "StringNotEquals": {"s3:ExistingObjectTag/kind": "film"},
    },
    ("TimelapseRole", "s3:PutObject", JOBS): AS_FILM,
    ("TimelapseRole", "s3:PutObjectTagging", JOBS): AS_FILM,
}
ACTION_OF = {
    "get_item": "dynamodb:GetItem",
    "put_item": "dynamodb:PutItem",
    "query": "dynamodb:Query",
    "transact_write_items": "dynamodb:DeleteItem",
    "get_object": "s3:GetObject",
    "put_object": "s3:PutObject",
    "delete_object": "s3:DeleteObject",
    "list_objects_v2": "s3:ListBucket",
    "send_message": "sqs:SendMessage",
    "send_message_batch": "sqs:SendMessage",
    "receive_message": "sqs:ReceiveMessage",
    "delete_message": "sqs:DeleteMessage",
    "change_message_visibility": "sqs:ChangeMessageVisibility",
    "change_message_visibility_batch": "sqs:ChangeMessageVisibility",
}
NEVER_IN_THE_CLOUD = {"scan"}  # only to list a prefix that ends within a kind, which no function does
ROLES = [name for name in TABLE if name.endswith("Role")]


@pytest.fixture(scope="module")
def stack() -> Stack:
    return Stack(**EVERYTHING_ON)


def documents(stack: Stack, name: str) -> list[dict[str, object]]:
    properties = stack.properties(name)
    if name == "EdgePolicy":
        return [properties["PolicyDocument"]]
    return [policy["PolicyDocument"] for policy in properties["Policies"]]


@pytest.mark.parametrize("name", TABLE)
def test_exactly_these_actions_on_exactly_these_resources(stack: Stack, name: str) -> None:
    found: set[Right] = set()
    for document in documents(stack, name):
        for statement in statements(document):
            assert statement["Effect"] == "Allow"
            assert not {"NotAction", "NotResource"} & set(statement)
            found |= {
                (action, short(resource))
                for action in listed(statement["Action"])
                for resource in listed(statement["Resource"])
            }
            for action in listed(statement["Action"]):
                for resource in listed(statement["Resource"]):
                    condition = CONDITIONS.get((name, action, short(resource)))
                    assert statement.get("Condition") == condition
    assert found == TABLE[name]
    assert not any("*" in action or resource == "*" for action, resource in found)


@pytest.mark.parametrize("name", ROLES)
def test_a_role_is_one_function_s_and_has_nothing_beside(stack: Stack, name: str) -> None:
    properties = stack.properties(name)
    assert set(properties) == {"AssumeRolePolicyDocument", "Policies"}
    [trust] = statements(properties["AssumeRolePolicyDocument"])
    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}
    users = [
        it
        for it, function in stack.of_type("AWS::Lambda::Function").items()
        if short(function["Role"]) == name
    ]
    assert users == [name.replace("Role", "Function")]


def test_nobody_else_has_rights(stack: Stack) -> None:
    assert set(stack.of_type("AWS::IAM::Role")) == set(ROLES)
    assert set(Stack(SetApiLogRole="true").of_type("AWS::IAM::Role")) == {*ROLES, "ApiLogRole"}
    assert set(stack.of_type("AWS::IAM::ManagedPolicy")) == {"EdgePolicy"}
    made = {it["Type"] for it in stack.resources.values() if it["Type"].startswith("AWS::IAM::")}
    assert made == {"AWS::IAM::Role", "AWS::IAM::ManagedPolicy"}, "no user, no group, no access key"


def test_the_role_of_the_gateway_can_write_logs_and_nothing_else() -> None:
    properties = Stack(SetApiLogRole="true").properties("ApiLogRole")
    assert set(properties) == {"AssumeRolePolicyDocument", "ManagedPolicyArns"}
    [trust] = statements(properties["AssumeRolePolicyDocument"])
    assert trust["Principal"] == {"Service": "apigateway.amazonaws.com"}
    [managed] = map(short, properties["ManagedPolicyArns"])
    assert managed.endswith(":aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs")


def test_the_edge_policy_is_attached_to_nobody_by_the_stack(stack: Stack) -> None:
    assert set(stack.properties("EdgePolicy")) == {"Description", "PolicyDocument"}


def test_only_the_gateway_and_the_schedule_call_functions(stack: Stack) -> None:
    found = {
        (it["Principal"], short(it["FunctionName"]), it["Action"], short(it["SourceArn"]))
        for it in stack.of_type("AWS::Lambda::Permission").values()
    }
    gateway = "arn:AWS::Partition:execute-api:AWS::Region:AWS::AccountId:RestApi/*/GET/*"
    assert found == {
        ("apigateway.amazonaws.com", "ApiFunction", "lambda:InvokeFunction", gateway),
        (
            "apigateway.amazonaws.com",
            "ChatFunction",
            "lambda:InvokeFunction",
            gateway.replace("GET/*", "POST/telegram"),
        ),
        ("events.amazonaws.com", "ChatFunction", "lambda:InvokeFunction", "ChatWebhookSchedule"),
        (
            "events.amazonaws.com",
            "LivenessFunction",
            "lambda:InvokeFunction",
            "LivenessFunctionEveryFiveMinutes",
        ),
    }
    assert not stack.of_type("AWS::Lambda::Url")


@pytest.mark.parametrize("name", ["NotifyRole", "InspectionRole", "ChatRole"])
def test_what_is_off_may_read_no_secret(name: str) -> None:
    found = [
        action
        for document in documents(Stack(), name)
        for it in statements(document)
        for action in listed(it["Action"])
    ]
    assert "ssm:GetParameter" not in found


KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def uses_of_the_key(stack: Stack) -> dict[str, list[tuple[str, str]]]:
    """By role: the key that it may decrypt with, and the one parameter for which it may."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name in TABLE:
        for document in documents(stack, name):
            for it in statements(document):
                if any(action.startswith("kms:") for action in listed(it["Action"])):
                    assert (it["Effect"], it["Action"]) == ("Allow", "kms:Decrypt")
                    [(operator, condition)] = it["Condition"].items()
                    [(context, parameter)] = condition.items()
                    assert (operator, context) == ("StringEquals", "kms:EncryptionContext:PARAMETER_ARN")
                    key = str(stack.value(it["Resource"]))
                    found.setdefault(name, []).append((key, short(parameter)))
    return found


def test_a_secret_with_a_key_of_its_owner_is_read_by_whom_it_is_for_and_by_nobody_else() -> None:
    stack = Stack(**EVERYTHING_ON, SecretsKmsKeyArn=KEY)
    assert uses_of_the_key(stack) == {
        "NotifyRole": [(KEY, f"{SSM}TelegramBotTokenParameter")],
        "ChatRole": [(KEY, f"{SSM}TelegramBotTokenParameter")],
        "InspectionRole": [(KEY, f"{SSM}OpenRouterApiKeyParameter")],
    }
    for role in uses_of_the_key(stack):  # exactly what it may read it may decrypt
        [parameter] = [resource for action, resource in TABLE[role] if action == "ssm:GetParameter"]
        assert [context for _, context in uses_of_the_key(stack)[role]] == [parameter]


def test_without_a_key_of_their_owner_secrets_need_no_right_to_one(stack: Stack) -> None:
    assert uses_of_the_key(stack) == {}
    assert uses_of_the_key(Stack(SecretsKmsKeyArn=KEY)) == {}, "no secret, no key"


def test_every_call_the_code_makes_is_allowed_to_somebody() -> None:
    """A new kind of call needs a new right: without it all goes well on every emulator, and fails on AWS."""
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "functions/shared/aws").glob("*.py"))
    calls = set(re.findall(r"_client\.([a-z_0-9]+)\(", code)) - {"get_paginator"}
    calls |= set(re.findall(r"get_paginator\(\"([a-z_0-9]+)\"\)", code))
    calls -= NEVER_IN_THE_CLOUD
    assert {"get_item", "put_object", "send_message_batch"} <= calls
    allowed = {action for role in ROLES for action, _ in TABLE[role]}
    assert {ACTION_OF[call] for call in calls} <= allowed
    others = {
        "sqs:GetQueueAttributes",
        "dynamodb:ConditionCheckItem",
        "s3:PutObjectTagging",
        "ssm:GetParameter",
        *LOG,
    }  # not by a client of ours
    assert allowed - others == {ACTION_OF[call] for call in calls}, "a right that nobody uses"

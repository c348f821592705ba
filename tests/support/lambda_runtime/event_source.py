"""What Lambda does between a queue and a handler: an event of what waits, and the end of what did not fail.

Source: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

API_HOST = "abc123.execute-api.eu-central-1.amazonaws.com"
Handler = Callable[[Mapping[str, Any], Any], Any]


@dataclass
class Context:
    """What Lambda hands to a handler."""

    seconds: float = 300.0
    aws_request_id: str = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


def receive_event(sqs: Any, url: str, batch: int, wait_seconds: int = 0) -> dict[str, Any]:
    """The event of what is visible now; without records if nothing is."""
    answer = sqs.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=batch,
        WaitTimeSeconds=wait_seconds,
        MessageAttributeNames=["All"],
        MessageSystemAttributeNames=["All"],
    )
    return {"Records": [record_of(message) for message in answer.get("Messages", [])]}


def delete_done(sqs: Any, url: str, event: Mapping[str, Any], response: Mapping[str, Any]) -> None:
    """Everything that the response does not name as failed."""
    failed = {failure["itemIdentifier"] for failure in response["batchItemFailures"]}
    assert failed <= {record["messageId"] for record in event["Records"]}
    for record in event["Records"]:
        if record["messageId"] not in failed:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=record["receiptHandle"])


def record_of(message: Mapping[str, Any]) -> dict[str, Any]:
    """In an event, of a message as ReceiveMessage gives it."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {
            name: {"stringValue": value.get("StringValue"), "dataType": value["DataType"]}
            for name, value in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:queue",
        "awsRegion": "eu-central-1",
    }


def api_event(path: str, stage: str | None = "prod", **headers: str) -> dict[str, Any]:
    """What the API's function is called with for a GET.

    `stage` None: by way of a domain of one's own, where the client's path has no stage.
    Source: API Gateway Developer Guide, "Input format of a Lambda function for proxy integration".
    """
    sent = {
        "Host": API_HOST,
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Port": "443",
        "x-api-key": "k",
        **headers,
    }
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": "GET",
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"proxy": path.removeprefix("/")},
        "stageVariables": None,
        "requestContext": {
            "resourceId": "r1",
            "resourcePath": "/{proxy+}",
            "httpMethod": "GET",
            "path": path if stage is None else f"/{stage}{path}",
            "stage": stage or "prod",
            "accountId": "123456789012",
            "protocol": "HTTP/1.1",
            "requestId": "c6af9ac6",
            "requestTimeEpoch": 1_764_000_000_000,
            "identity": {"sourceIp": "192.0.2.7", "userAgent": "curl/8"},
            "domainName": API_HOST,
            "apiId": "abc123",
        },
        "body": None,
        "isBase64Encoded": False,
    }

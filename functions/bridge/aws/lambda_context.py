"""What Lambda hands to a handler beside the event, as far as it is used here."""

from typing import Protocol


class LambdaContext(Protocol):
    """Source: AWS Lambda Developer Guide, "Using the Lambda context object to retrieve ... information"."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is ended by force."""
        ...


def seconds_left(context: LambdaContext) -> float:
    return context.get_remaining_time_in_millis() / 1000.0

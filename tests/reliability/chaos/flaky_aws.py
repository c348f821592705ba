"""The way from the edge to AWS, shaken: refusals, resets, answers lost, parts refused, messages repeated."""

import asyncio
import json
import time
from typing import Any

from tests.reliability.chaos.plan import Fault, Kind
from tests.support.aws.gate import Answer, AwsGate, GateRequest, ask, fault_answer

_SEND = "AmazonSQS.SendMessageBatch"
_REFUSALS = {
    Kind.AWS_THROTTLED: (
        ("ThrottlingException", 400, "Rate exceeded"),
        ("SlowDown", 503, "Reduce your rate"),
    ),
    Kind.AWS_500: (("InternalError", 500, "We failed"), ("InternalError", 500, "We failed")),
    Kind.AWS_503: (("ServiceUnavailable", 503, "Try later"), ("ServiceUnavailable", 503, "Try later")),
    Kind.AWS_DENIED: (
        ("AccessDeniedException", 403, "not authorized"),
        ("AccessDenied", 403, "Access Denied"),
    ),
    Kind.AWS_EXPIRED: (("ExpiredToken", 403, "expired"), ("ExpiredToken", 403, "expired")),
}


class FlakyAws(AwsGate):
    """Suffers one kind of fault at a time; the one that began last counts."""

    def __init__(self, behind: str) -> None:
        super().__init__(behind)
        self._kind: Kind | None = None

    async def suffer(self, fault: Fault) -> None:
        """One planned fault, from its begin to its end."""
        self._kind = fault.kind
        await asyncio.sleep(fault.seconds)
        if self._kind is fault.kind:
            self._kind = None

    def settle(self, request: GateRequest, body: bytes) -> None:
        kind = self._kind
        is_send = request.headers.get("x-amz-target") == _SEND
        if kind in _REFUSALS:
            for_json, for_xml = _REFUSALS[kind]
            request.answer(
                *fault_answer(*(for_json if request.is_json else for_xml), is_json=request.is_json)
            )
        elif kind is Kind.AWS_RESET:
            request.close_connection = True
        elif kind is Kind.AWS_LOST_ANSWER:
            ask(self.behind, request, body)
            request.close_connection = True
        elif kind is Kind.AWS_PARTIAL and is_send:
            request.answer(*self._in_part(request, body))
        elif kind is Kind.AWS_REPEATS and is_send:
            request.answer(*self._twice(request, body))
        else:
            request.answer(*ask(self.behind, request, body))

    def _in_part(self, request: GateRequest, body: bytes) -> Answer:
        """The first entry is not taken, the others are."""
        call = json.loads(body)
        first, *others = call["Entries"]
        fields: dict[str, Any] = {"Successful": []}
        if others:
            status, _, answer = ask(self.behind, request, _encoded({**call, "Entries": others}))
            assert status == 200, answer
            fields = json.loads(answer)
        failed = {"Id": first["Id"], "SenderFault": False, "Code": "InternalError", "Message": "We failed"}
        fields["Failed"] = [*fields.get("Failed", []), failed]
        return 200, [("content-type", "application/x-amz-json-1.0")], _encoded(fields)

    def _twice(self, request: GateRequest, body: bytes) -> Answer:
        """As when the edge sends again after the queue has forgotten what it had (five minutes)."""
        answer = ask(self.behind, request, body)
        call = json.loads(body)
        for entry in call["Entries"]:
            entry["MessageDeduplicationId"] = f"again-{time.monotonic_ns()}-{entry['Id']}"
        ask(self.behind, request, _encoded(call))
        return answer


def _encoded(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields).encode()

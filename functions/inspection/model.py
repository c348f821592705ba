"""The vision model behind an OpenAI-compatible server, by the `openai` client.

What OpenRouter answers (its page "Errors and Debugging"): the status codes below; 402 with Retry-After is a
passing shortage; once a model has begun, an error comes with status 200 in the body. A long answer is
kept alive by blanks, so a read time-out alone never ends it.
"""

import base64
import json
import logging
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from functions.inspection.prompt import Question
from functions.inspection.verdict import clean_text
from functions.shared.errors import PermanentError, TransientError
from functions.shared.runtime.rotating_secret import ReadSecret, RotatingSecret
from functions.shared.settings import Settings
from functions.shared.text import HIDDEN
from functions.shared.value_class import dataclass

if TYPE_CHECKING:
    from openai import APIStatusError, OpenAI

ANSWER_TOKENS = 1000
_CONNECT_SECONDS = 10.0
_ANSWER_BYTES = 1024 * 1024
_DETAIL_LIMIT = 200
_PASSING = frozenset({408, 409, 425, 429})
_ACCESS = {
    401: "OpenRouter refuses the key (401). Check OPENROUTER_API_KEY.",
    402: "the OpenRouter account has no credits left (402). Add credits.",
    403: "OpenRouter refuses access to the model (403). Check the key's rights, its limits and AI_MODEL.",
    404: "the model or the address is not known (404). Check AI_MODEL and OPENROUTER_BASE_URL.",
}
_UNFIT = frozenset({400, 404, 422})
_log = logging.getLogger(__name__)


class AccessProblemError(PermanentError):
    """No check can be made until a person changes something; the message says what."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model said: its text, why it stopped, and the text of a refusal."""

    text: str | None
    finish_reason: str | None = None
    refusal: str | None = None


class VisionModel(Protocol):
    """Answers a question about images."""

    def ask(self, question: Question) -> Answer:
        """Raises TransientError (with the wait asked for, if any) or AccessProblemError."""
        ...


class OpenAiModel:
    """Any OpenAI-compatible server; one connection per question, closed after it. Thread-safe.

    `seconds_limit` bounds one call as a whole. A server that refuses the schema (400, 404, 422) is asked
    once more without it, and from then on so.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        model: str,
        seconds_limit: float = 60.0,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        self._base_url = base_url
        self._api_key = api_key
        self._model = model
        self._seconds_limit = seconds_limit
        self._stopwatch = stopwatch
        self._takes_schema = True

    @classmethod
    def from_settings(cls, settings: Settings, api_key: str, seconds_limit: float = 60.0) -> "OpenAiModel":
        """The model and the server that the settings name."""
        return cls(settings.openrouter_base_url, api_key, settings.ai_model, seconds_limit)

    def ask(self, question: Question) -> Answer:
        import openai

        timeout = openai.Timeout(self._seconds_limit, connect=min(_CONNECT_SECONDS, self._seconds_limit))
        with openai.OpenAI(
            api_key=self._api_key,
            base_url=self._base_url,
            timeout=timeout,
            max_retries=0,
            # The client's own follows redirects to any server, pictures and all.
            http_client=openai.DefaultHttpxClient(timeout=timeout, follow_redirects=False),
        ) as client:
            if self._takes_schema:
                try:
                    return self._call(client, question, with_schema=True)
                except openai.APIStatusError as error:
                    if error.status_code not in _UNFIT:
                        raise self._fault_of(error) from None
                    _log.info("the server refuses the schema, asking without: %s", self._detail(error.body))
            try:
                answer = self._call(client, question, with_schema=False)
            except openai.APIStatusError as error:
                raise self._fault_of(error) from None
            self._takes_schema = False
            return answer

    def _call(self, client: "OpenAI", question: Question, *, with_schema: bool) -> Answer:
        """One request. Raises APIStatusError as it comes; anything else already told apart."""
        import openai

        extra: dict[str, Any] = {}
        if with_schema:
            schema = {"name": question.schema_name, "strict": True, "schema": question.schema}
            extra = {"response_format": {"type": "json_schema", "json_schema": schema}, "temperature": 0}
        deadline = self._stopwatch() + self._seconds_limit
        try:
            with client.chat.completions.with_streaming_response.create(
                model=self._model, messages=_messages(question), max_tokens=ANSWER_TOKENS, **extra
            ) as response:
                received = bytearray()
                for chunk in response.iter_bytes():
                    received += chunk
                    if len(received) > _ANSWER_BYTES:
                        raise TransientError("the answer is too large")
                    if self._stopwatch() > deadline:
                        raise TransientError(f"no answer within {self._seconds_limit:g} s")
        except openai.APITimeoutError:
            raise TransientError(f"no answer within {self._seconds_limit:g} s") from None
        except openai.APIStatusError:
            raise
        except openai.OpenAIError as error:
            raise TransientError(f"no connection: {self._clean(_cause(error))}") from None
        except OSError as error:
            raise TransientError(f"no connection: {self._clean(str(error))}") from None
        except Exception as error:
            if not _is_from_transport(error):
                raise
            # While a body is read the client lets its transport's own errors through.
            raise TransientError(f"the connection broke: {self._clean(type(error).__name__)}") from None
        return self._answer(bytes(received))

    def _answer(self, body: bytes) -> Answer:
        try:
            completion = json.loads(body)
        except (ValueError, RecursionError):
            raise TransientError("the answer is no JSON: check OPENROUTER_BASE_URL") from None
        if not isinstance(completion, Mapping):
            raise TransientError("the answer is no completion: check OPENROUTER_BASE_URL")
        choices = completion.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        fault = completion.get("error") or (choice.get("error") if isinstance(choice, Mapping) else None)
        if fault:
            raise self._fault_in_body(fault)
        message = choice.get("message") if isinstance(choice, Mapping) else None
        if not isinstance(choice, Mapping) or not isinstance(message, Mapping):
            raise TransientError("the answer is no completion: check OPENROUTER_BASE_URL")
        finish_reason, refusal = choice.get("finish_reason"), message.get("refusal")
        return Answer(
            _content(message.get("content")),
            finish_reason if isinstance(finish_reason, str) else None,
            refusal if isinstance(refusal, str) else None,
        )

    def _fault_in_body(self, fault: object) -> Exception:
        code = fault.get("code") if isinstance(fault, Mapping) else None
        return self._fault(code if isinstance(code, int) else 502, self._detail(fault), None)

    def _fault_of(self, error: "APIStatusError") -> Exception:
        wait = _seconds(error.response.headers.get("retry-after"))
        return self._fault(error.status_code, self._detail(error.body), wait)

    def _fault(self, status: int, detail: str, retry_after: float | None) -> Exception:
        if 300 <= status < 400:
            words = "is a redirect, which is not followed: check OPENROUTER_BASE_URL"
            return TransientError(f"the answer {words} ({status})", retry_after)
        is_passing = status in _PASSING or status >= 500 or (status == 402 and retry_after is not None)
        if is_passing or status < 300:
            return TransientError(f"the server answers {status}: {detail}", retry_after)
        _log.warning("the AI server answers %d: %s", status, detail)
        words = _ACCESS.get(status, f"the server refuses the request ({status}): {detail}. Check AI_MODEL.")
        return AccessProblemError(words)

    def _detail(self, body: object) -> str:
        """The server's own words, short and without the key; OpenRouter hides the cause in metadata.raw."""
        fault = body.get("error", body) if isinstance(body, Mapping) else body
        words = fault
        if isinstance(fault, Mapping):
            metadata = fault.get("metadata")
            raw = metadata.get("raw") if isinstance(metadata, Mapping) else None
            words = raw if isinstance(raw, str) and raw else fault.get("message")
        return self._clean(words) if isinstance(words, str) and words else "no details"

    def _clean(self, text: str) -> str:
        return clean_text(text.replace(self._api_key, HIDDEN) if self._api_key else text, _DETAIL_LIMIT)


def _messages(question: Question) -> Any:
    content = [
        {"type": "text", "text": part}
        if isinstance(part, str)
        else {"type": "image_url", "image_url": {"url": _data_uri(part)}}
        for part in question.parts
    ]
    return [{"role": "system", "content": question.instructions}, {"role": "user", "content": content}]


def _data_uri(jpeg: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")


def _content(content: object) -> str | None:
    """The text of a message; some servers send it in parts."""
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, Mapping)]
        return "".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else None


def _seconds(header: str | None) -> float | None:
    """Retry-After in seconds; a date there is left aside (it would need the server's clock)."""
    if header is None or not header.isascii() or not header.replace(".", "", 1).isdigit():
        return None
    return min(float(header), 86_400.0)


def _cause(error: BaseException) -> str:
    return str(error.__cause__ or error)


def _is_from_transport(error: Exception) -> bool:
    return type(error).__module__.partition(".")[0] in ("httpx", "httpx2", "httpcore", "httpcore2")


class RotatingKeyModel:
    """A VisionModel: one made with the key, made anew when that changes. `asked` counts the questions."""

    def __init__(self, read_key: ReadSecret, make: Callable[[str], VisionModel]) -> None:
        self._key = RotatingSecret(read_key, make)
        self.asked = 0

    def ask(self, question: Question) -> Answer:
        model = self._key.client()
        try:
            return self._ask(model, question)
        except AccessProblemError:
            newer = self._key.client_after_refusal(model)
            if newer is None:
                raise
        return self._ask(newer, question)

    def _ask(self, model: VisionModel, question: Question) -> Answer:
        self.asked += 1
        return model.ask(question)

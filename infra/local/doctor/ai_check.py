"""The AI: key and model, by two questions that cost nothing.

Sources: OpenRouter's API reference ("Get current API key", "Models": `architecture.input_modalities`);
OpenAI's ("List models"), which other servers follow.
"""

import difflib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.shared.settings import Settings
from infra.local.doctor.findings import CheckResult, Finding, fault, fine, nothing, warning
from infra.local.probes.http import HttpAnswer, HttpRequest, Unreachable, reach_advice, reach_words

CHECK = "AI"
_MODELS_BYTES = 32 * 1024 * 1024
_SECONDS = 20.0
_LITTLE = 0.05  # dollars
_NO_SUCH_PAGE = frozenset({400, 404, 405, 410, 501})

Ask = Callable[[HttpRequest], HttpAnswer | Unreachable]


@dataclass(frozen=True, slots=True)
class AiCheck:
    """Blocking."""

    settings: Settings
    ask: Ask

    def look(self) -> CheckResult:
        settings = self.settings
        if not settings.openrouter_api_key:
            return CheckResult((nothing(CHECK, "key", "not set (OPENROUTER_API_KEY): AI checks are off"),))
        key = self._get("key")
        models = self._get("models")
        finding = evaluate_key(key, models, settings.openrouter_base_url)
        findings = [finding]
        if not isinstance(models, Unreachable) and models.status not in (401, 403):
            findings.append(evaluate_model(models, settings.ai_model))
        ahead = next((it.ahead for it in (key, models) if isinstance(it, HttpAnswer) and it.ahead), None)
        return CheckResult(tuple(findings), ((CHECK, ahead),) if ahead is not None else ())

    def _get(self, page: str) -> HttpAnswer | Unreachable:
        base = self.settings.openrouter_base_url.rstrip("/")
        headers = {"authorization": f"Bearer {self.settings.openrouter_api_key}"}
        return self.ask(HttpRequest(f"{base}/{page}", headers, None, _SECONDS, _MODELS_BYTES))


def evaluate_key(key: HttpAnswer | Unreachable, models: HttpAnswer | Unreachable, base_url: str) -> Finding:
    """From GET /key, which only OpenRouter has; elsewhere from whether the list of models is given."""
    if isinstance(key, Unreachable):
        return fault(
            CHECK,
            "key",
            reach_words(base_url, key),
            reach_advice("OPENROUTER_BASE_URL", base_url, key, "the AI server"),
        )
    data = _object(key.body).get("data")
    if key.status == 200 and isinstance(data, dict):
        return _credit(data)
    about = models if key.status in _NO_SUCH_PAGE or key.status == 200 else key
    if isinstance(about, Unreachable):
        return warning(CHECK, "key", f"the server does not tell ({about.words})", "Try again later.")
    if about.status in (401, 403):
        return fault(
            CHECK,
            "key",
            f"the server refuses it (HTTP {about.status})",
            "Make a new key where you have the account, and set OPENROUTER_API_KEY.",
        )
    if about.status == 200 and isinstance(_object(about.body).get("data"), list):
        return fine(CHECK, "key", "the server takes it")
    if about.status >= 500 or about.status == 429:
        return warning(CHECK, "key", f"the server cannot tell now (HTTP {about.status})", "Try again later.")
    return fault(
        CHECK,
        "key",
        f"no OpenAI-compatible server answers there (HTTP {about.status})",
        "Check OPENROUTER_BASE_URL: it ends in /v1 as a rule.",
    )


def evaluate_model(answer: HttpAnswer, model: str) -> Finding:
    """From GET /models."""
    listed = _object(answer.body).get("data")
    if answer.status != 200 or not isinstance(listed, list):
        return nothing(CHECK, "model", f"{model}: the server gives no list of models (HTTP {answer.status})")
    models = {it["id"]: it for it in listed if isinstance(it, dict) and isinstance(it.get("id"), str)}
    entry = models.get(model) or models.get(model.partition(":")[0])
    if entry is None:
        alike = difflib.get_close_matches(model, list(models), n=3, cutoff=0.6)
        hint = f" Such as {', '.join(alike)}." if alike else ""
        return fault(CHECK, "model", f"the server has no {model}", f"Set AI_MODEL to one that it has.{hint}")
    kinds = _input_kinds(entry)
    if kinds is None:
        return fine(CHECK, "model", f"{model} is there (whether it takes pictures, this server does not say)")
    if "image" not in kinds:
        return fault(
            CHECK, "model", f"{model} takes no pictures", "Set AI_MODEL to one that takes images as input."
        )
    return fine(CHECK, "model", f"{model} takes pictures")


def _credit(data: Mapping[str, Any]) -> Finding:
    left = data.get("limit_remaining")
    if isinstance(left, int | float) and not isinstance(left, bool):
        if left <= 0:
            return fault(
                CHECK, "key", "taken, but its limit is used up", "Raise the key's limit where you made it."
            )
        if left < _LITTLE:
            return warning(
                CHECK, "key", f"taken, but only ${left:.2f} of its limit is left", "Raise it soon."
            )
        return fine(CHECK, "key", f"taken, ${left:.2f} of its limit left")
    return fine(CHECK, "key", "taken, and has no limit of its own")


def _input_kinds(entry: Mapping[str, Any]) -> list[object] | None:
    architecture = entry.get("architecture")
    kinds = architecture.get("input_modalities") if isinstance(architecture, dict) else None
    return kinds if isinstance(kinds, list) else None


def _object(body: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}

"""The AI: key and model, by two questions that cost nothing.

Sources: OpenRouter's API reference ("Get current API key", "Models": `architecture.input_modalities`);
OpenAI's ("List models"), which other servers follow.
"""

import difflib

from functions.shared.messages.codec import fields_of
from infra.local.doctor.check import Check, CheckResult, Setup
from infra.local.doctor.findings import Finding, fault, fine, nothing, unreached, warning
from infra.local.probes.http import HttpAnswer, HttpRequest, Unreachable, ask

_MODELS_BYTES = 32 * 1024 * 1024
_SECONDS = 20.0
_LITTLE = 0.05  # dollars
_NO_SUCH_PAGE = frozenset({400, 404, 405, 410, 501})


def run(setup: Setup) -> CheckResult:
    settings = setup.settings
    if not settings.openrouter_api_key:
        return CheckResult([nothing("key", "not set (OPENROUTER_API_KEY): AI checks are off")])
    base = settings.openrouter_base_url.rstrip("/")
    headers = {"authorization": f"Bearer {settings.openrouter_api_key}"}
    key, models = (
        ask(HttpRequest(f"{base}/{page}", headers, None, _SECONDS, _MODELS_BYTES))
        for page in ("key", "models")
    )
    findings = [evaluate_key(key, models, settings.openrouter_base_url)]
    if isinstance(models, HttpAnswer) and models.status not in (401, 403):
        findings.append(evaluate_model(models, settings.ai_model))
    return CheckResult(findings, key.ahead or models.ahead or None)


CHECK = Check(
    "AI",
    ("OPENROUTER_API_KEY", "OPENROUTER_BASE_URL", "AI_MODEL"),
    run,
    60,
    applies=lambda setup: not setup.is_cloud,
)


def evaluate_key(key: HttpAnswer | Unreachable, models: HttpAnswer | Unreachable, base_url: str) -> Finding:
    """From GET /key, which only OpenRouter has; elsewhere from whether the list of models is given."""
    if isinstance(key, Unreachable):
        return unreached("key", "OPENROUTER_BASE_URL", base_url, key, "the AI server")
    data = key.fields.get("data")
    if key.status == 200 and isinstance(data, dict):
        return _evaluate_credit(data.get("limit_remaining"))
    about = models if key.status in _NO_SUCH_PAGE or key.status == 200 else key
    if isinstance(about, Unreachable):
        return warning("key", f"the server does not tell ({about.words})", "Try again later.")
    if about.status in (401, 403):
        advice = "Make a new key where you have the account, and set OPENROUTER_API_KEY."
        return fault("key", f"the server refuses it (HTTP {about.status})", advice)
    if about.status == 200 and isinstance(about.fields.get("data"), list):
        return fine("key", "the server takes it")
    if about.status >= 500 or about.status == 429:
        return warning("key", f"the server cannot tell now (HTTP {about.status})", "Try again later.")
    found = f"no OpenAI-compatible server answers there (HTTP {about.status})"
    return fault("key", found, "Check OPENROUTER_BASE_URL: it ends in /v1 as a rule.")


def evaluate_model(answer: HttpAnswer, model: str) -> Finding:
    """From GET /models."""
    listed = answer.fields.get("data")
    if answer.status != 200 or not isinstance(listed, list):
        return nothing("model", f"{model}: the server gives no list of models (HTTP {answer.status})")
    models = {it["id"]: it for it in listed if isinstance(fields_of(it).get("id"), str)}
    entry = models.get(model) or models.get(model.partition(":")[0])
    if entry is None:
        alike = difflib.get_close_matches(model, list(models), n=3, cutoff=0.6)
        hint = f" Such as {', '.join(alike)}." if alike else ""
        return fault("model", f"the server has no {model}", f"Set AI_MODEL to one that it has.{hint}")
    kinds = fields_of(entry.get("architecture")).get("input_modalities")
    if not isinstance(kinds, list):
        return fine("model", f"{model} is there (whether it takes pictures, this server does not say)")
    if "image" not in kinds:
        return fault("model", f"{model} takes no pictures", "Set AI_MODEL to one that takes images as input.")
    return fine("model", f"{model} takes pictures")


def _evaluate_credit(left: object) -> Finding:
    """From what is left of the key's limit, in dollars."""
    if not isinstance(left, int | float) or isinstance(left, bool):
        return fine("key", "taken, and has no limit of its own")
    if left <= 0:
        return fault("key", "taken, but its limit is used up", "Raise the key's limit where you made it.")
    if left < _LITTLE:
        return warning("key", f"taken, but only ${left:.2f} of its limit is left", "Raise it soon.")
    return fine("key", f"taken, ${left:.2f} of its limit left")

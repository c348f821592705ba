"""The AI: key and model are judged by questions that cost nothing."""

import json
from collections.abc import Iterator

import pytest

from infra.local.doctor.ai_check import evaluate_key, run
from infra.local.doctor.findings import Finding, Outcome
from infra.local.probes.http import HttpAnswer
from tests.infra.local.doctor.examined import FAULT, FINE, NOTHING, WARNING, found_by
from tests.support.openai.server import OpenAiServer


@pytest.fixture
def ai() -> Iterator[OpenAiServer]:
    with OpenAiServer(models=("fake/vision", "fake/vision-2")) as server:
        yield server


def look(ai: OpenAiServer, **more: str) -> dict[str, Finding]:
    given = {"OPENROUTER_API_KEY": ai.api_key, "OPENROUTER_BASE_URL": ai.base_url, "AI_MODEL": "fake/vision"}
    return found_by(run, given | more)


def test_nothing_is_asked_without_a_key(ai: OpenAiServer) -> None:
    assert look(ai, OPENROUTER_API_KEY="")["key"].outcome is NOTHING
    assert ai.asked == []


def test_key_and_model_are_good_and_nothing_was_paid(ai: OpenAiServer) -> None:
    found = look(ai)
    assert {it.outcome for it in found.values()} == {FINE}
    assert found["model"].found == "fake/vision takes pictures"
    assert (ai.asked, ai.requests) == (["/api/v1/key", "/api/v1/models"], [])


@pytest.mark.parametrize(("left", "outcome"), [(12.5, FINE), (0.01, WARNING), (0, FAULT), (-1, FAULT)])
def test_what_is_left_of_the_key_s_limit(ai: OpenAiServer, left: float, outcome: Outcome) -> None:
    ai.key = {"limit": 20, "limit_remaining": left}
    assert look(ai)["key"].outcome is outcome


def test_a_key_that_is_refused_is_not_repeated(ai: OpenAiServer) -> None:
    for key in ({"label": "x"}, None):
        ai.key = key
        found = look(ai, OPENROUTER_API_KEY="sk-wrong")
        assert list(found) == ["key"]
        assert found["key"].outcome is FAULT
        assert "OPENROUTER_API_KEY" in found["key"].advice
        assert "sk-wrong" not in str(found)


def test_a_server_that_is_not_openrouter(ai: OpenAiServer) -> None:
    ai.key, ai.input_modalities = None, None
    found = look(ai)
    assert found["key"].found == "the server takes it"
    assert "does not say" in found["model"].found


def test_a_model_that_is_not_there_or_blind(ai: OpenAiServer) -> None:
    assert "fake/vision" in look(ai, AI_MODEL="fake/visoin")["model"].advice
    assert look(ai, AI_MODEL="fake/vision:free")["model"].outcome is FINE
    ai.input_modalities = ("text",)
    assert look(ai)["model"].outcome is FAULT


def test_an_address_where_something_else_answers(ai: OpenAiServer) -> None:
    found = look(ai, OPENROUTER_BASE_URL=ai.base_url.removesuffix("/api/v1"))
    assert "OPENROUTER_BASE_URL" in found["key"].advice
    assert look(ai, OPENROUTER_BASE_URL="http://127.0.0.1:9/v1")["key"].outcome is FAULT


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data": 5}', b"<html>", b'{"data": [5, {"id": 5}]}'])
@pytest.mark.parametrize("status", [200, 404, 429, 500])
def test_any_answer_is_judged(body: bytes, status: int) -> None:
    answer = HttpAnswer(status, "application/json", body)
    finding = evaluate_key(answer, answer, "http://a/v1")
    assert (finding.subject, finding.found != "") == ("key", True)


def test_a_key_without_a_limit() -> None:
    answer = HttpAnswer(200, "application/json", json.dumps({"data": {"limit_remaining": None}}).encode())
    assert evaluate_key(answer, answer, "http://a/v1").outcome is FINE

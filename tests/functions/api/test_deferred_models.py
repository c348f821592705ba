"""Models of OpenAPI's document are built when somebody asks for the document, and not before."""

import os
import subprocess
import sys

from tests.support.timeouts import TIMEOUT

PROGRAM = """
from functions.api.app import create_app
from fastapi.openapi import models
from pydantic import BaseModel
from tests.support.memory_backend import MemoryFrames, MemoryRecords
document = [models.Schema, models.Operation, models.Encoding]
app = create_app(MemoryRecords(), MemoryFrames(), None, lambda: 0.0)
print([model.__pydantic_complete__ for model in document])
class Later(BaseModel):
    inner: "Inner"
class Inner(BaseModel):
    number: int
print(Later.model_rebuild(), Later(inner={"number": "1"}).inner.number)
print(app.openapi()["openapi"], models.Schema(title="x").title)
"""


IN_LAMBDA = """
import sys
from functions.api.app import create_app
from fastapi.security import oauth2
from pydantic import BaseModel
from starlette.testclient import TestClient
from tests.support.memory_backend import MemoryFrames, MemoryRecords
flows = oauth2.OAuth2().model.flows
print(type(flows).__name__, flows.model_dump(), type(flows).__pydantic_complete__)
class Made(BaseModel):
    number: int = 1
print(Made().number, Made(number="2").number, Made.__pydantic_custom_init__)
app = create_app(MemoryRecords(), MemoryFrames(), None, lambda: 0.0)
answer = TestClient(app, base_url="http://127.0.0.1").get("/api/printers")
print(answer.status_code, answer.text)
print([it for it in ("opentelemetry.trace.span", "opentelemetry.metrics._internal") if it in sys.modules])
"""


def test_a_function_answers_without_open_telemetry_and_a_default_needs_no_model_built() -> None:
    environment = os.environ | {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1"}
    ended = subprocess.run(
        [sys.executable, "-c", IN_LAMBDA], capture_output=True, text=True, timeout=TIMEOUT, env=environment
    )
    nothing = {"implicit": None, "password": None, "clientCredentials": None, "authorizationCode": None}
    assert ended.stdout.splitlines() == [
        f"OAuthFlows {nothing} True",
        "1 2 False",
        "200 []",
        "[]",
    ], ended.stderr


def test_they_are_built_at_their_first_use_and_rebuilding_others_is_as_ever() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=TIMEOUT)
    assert ended.stdout.splitlines() == ["[False, False, False]", "True 1", "3.1.0 x"], ended.stderr

"""Models of OpenAPI's document are built when somebody asks for the document, and not before."""

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


def test_they_are_built_at_their_first_use_and_rebuilding_others_is_as_ever() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=TIMEOUT)
    assert ended.stdout.splitlines() == ["[False, False, False]", "True 1", "3.1.0 x"], ended.stderr

"""A function's clients know what we ask of a service, and know it as botocore does."""

import ast
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.loaders import JSONFileLoader, Loader
from botocore.model import ServiceModel, Shape

import functions
from functions.shared.aws.service_data import LeanLoader
from functions.shared.aws.service_models import OPERATIONS, model_of

SERVICES = sorted(OPERATIONS)
FUNCTIONS = Path(functions.__file__).parent
# Of any client, whatever the service.
OF_ALL = {"get_paginator", "generate_presigned_url"}


class _FromDisk(JSONFileLoader):
    """What botocore reads is kept for all tests of a process, and moto adds to it."""

    def load_file(self, file_path: str) -> Any:
        packed = Path(f"{file_path}.json.gz")
        plain = Path(f"{file_path}.json")
        if plain.is_file():
            return json.loads(plain.read_bytes())
        return json.loads(gzip.decompress(packed.read_bytes())) if packed.is_file() else None


def models(service: str) -> tuple[ServiceModel, ServiceModel]:
    """botocore's own, and ours."""
    loaders = Loader(file_loader=_FromDisk()), LeanLoader()
    whole, lean = (it.load_service_model(service, "service-2") for it in loaders)
    return ServiceModel(whole, service), ServiceModel(lean, service)


def told_of(shape: Shape | None, seen: frozenset[str] = frozenset()) -> Any:
    """All that a request is made from, or an answer read by."""
    if shape is None or shape.name in seen:
        return None if shape is None else shape.name
    seen |= {shape.name}
    inner = {name: told_of(it, seen) for name, it in getattr(shape, "members", {}).items()}
    for part in ("member", "key", "value"):
        if hasattr(shape, part):
            inner[f"({part})"] = told_of(getattr(shape, part), seen)
    return shape.name, shape.type_name, shape.serialization, shape.metadata, inner


@pytest.mark.parametrize("service", SERVICES)
def test_an_operation_is_what_botocore_has_of_it(service: str) -> None:
    whole, lean = models(service)
    assert set(lean.operation_names) == OPERATIONS[service]
    for name in lean.operation_names:
        theirs, ours = whole.operation_model(name), lean.operation_model(name)
        assert ours.http == theirs.http
        assert told_of(ours.input_shape) == told_of(theirs.input_shape)
        assert told_of(ours.output_shape) == told_of(theirs.output_shape)
        assert [told_of(it) for it in ours.error_shapes] == [told_of(it) for it in theirs.error_shapes]
        assert (ours.auth, ours.http_checksum, ours.endpoint) == (
            theirs.auth,
            theirs.http_checksum,
            theirs.endpoint,
        )
    assert lean.metadata == whole.metadata
    assert lean.client_context_parameters == whole.client_context_parameters


@pytest.mark.parametrize("service", SERVICES)
def test_only_what_is_needed_of_it_is_read(service: str) -> None:
    """So this release of botocore is written as the reader takes it to be."""
    whole, lean = models(service)
    assert len(lean.shape_names) < len(whole.shape_names) * 0.6
    assert len(lean.operation_names) < len(whole.operation_names) * 0.3


MODEL: dict[str, Any] = {
    "version": "2.0",
    "metadata": {"serviceId": "Thing"},
    "operations": {"Get": {"name": "Get", "input": {"shape": "Asked"}}, "Put": {"name": "Put"}},
    "shapes": {
        "Asked": {"type": "structure", "members": {"shape": {"shape": "Word"}, "more": {"shape": "Asked"}}},
        "Word": {"type": "string", "enum": ["\u00e4", "}"]},
        "Other": {"type": "string"},
    },
    "documentation": "\n  text",
}
PRETTY = json.dumps(MODEL, indent=2, ensure_ascii=False, separators=(",", ":")).encode()


def test_a_model_is_cut_down_to_an_operation_and_its_shapes() -> None:
    found = model_of(PRETTY, ["Get"])
    assert found == MODEL | {
        "operations": {"Get": MODEL["operations"]["Get"]},
        "shapes": {name: MODEL["shapes"][name] for name in ("Asked", "Word")},
    }


@pytest.mark.parametrize(
    "text",
    [json.dumps(MODEL).encode(), json.dumps(MODEL, indent=4).encode(), PRETTY.replace(b"shapes", b"Shapes")],
    ids=["in one line", "wider", "without shapes"],
)
def test_one_that_is_written_in_another_way_is_read_whole(text: bytes) -> None:
    assert model_of(text, ["Get"]) == json.loads(text)


def test_one_that_lacks_an_operation_or_a_shape_is_read_whole() -> None:
    assert model_of(PRETTY, ["Get", "Take"]) == MODEL
    lacking = PRETTY.replace(b'"Word":{', b'"Name":{')
    assert model_of(lacking, ["Get"]) == json.loads(lacking)


def test_a_model_that_somebody_put_there_counts_before_botocores(tmp_path: Path) -> None:
    folder = tmp_path / "ssm" / "2014-11-06"
    folder.mkdir(parents=True)
    own = MODEL | {"operations": {"GetParameter": {"name": "GetParameter"}}, "shapes": {}}
    loader = LeanLoader()
    loader.search_paths.insert(0, str(tmp_path))
    (folder / "service-2.json.gz").write_bytes(gzip.compress(json.dumps(own).encode()))
    assert loader.load_service_model("ssm", "service-2") == own
    (folder / "service-2.json").write_text(json.dumps(own | {"version": "3"}), encoding="utf-8")
    loader = LeanLoader()
    loader.search_paths.insert(0, str(tmp_path))
    assert loader.load_service_model("ssm", "service-2") == own | {"version": "3"}


def calls_of_clients(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        of = node.func.value
        name = of.attr if isinstance(of, ast.Attribute) else of.id if isinstance(of, ast.Name) else ""
        if name not in ("client", "_client"):
            continue
        if node.func.attr in OF_ALL:
            assert isinstance(node.args[0], ast.Constant)
            yield str(node.args[0].value)
        else:
            yield node.func.attr


def test_a_function_asks_nothing_that_its_clients_do_not_know() -> None:
    files = [*(FUNCTIONS / "shared" / "aws").glob("*.py"), *FUNCTIONS.glob("*/*.py")]
    asked = {call for it in files for call in calls_of_clients(ast.parse(it.read_text(encoding="utf-8")))}
    known = {xform_name(name) for names in OPERATIONS.values() for name in names}
    assert {"get_object", "put_item", "send_message_batch", "get_parameter", "scan"} <= asked
    assert asked - known == set()

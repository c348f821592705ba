"""template.yaml as CloudFormation gets it: SAM's transform applied, conditions decided, names made short."""

import copy
import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
REGION = "eu-central-1"
TEMPLATE = ROOT / "template.yaml"
EVERYTHING_ON = {
    "TelegramBotTokenParameter": "/bridge/token",
    "OpenRouterApiKeyParameter": "/bridge/key",
    "AlarmEmail": "me@example.org",
    "ShowDashboard": "true",
}

Resource = Mapping[str, Any]


@functools.cache
def source() -> dict[str, Any]:
    """The file as it is written."""
    from samcli.yamlhelper import yaml_parse  # type: ignore[import-untyped]

    parsed: dict[str, Any] = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))
    return parsed


def text() -> str:
    return TEMPLATE.read_text(encoding="utf-8")


class Stack:
    """What CloudFormation would make of the template with these parameters (others: their defaults)."""

    def __init__(self, *, region: str = REGION, **parameters: str) -> None:
        self.pseudo = _pseudo_parameters(region)
        self.template = source()
        self.parameters = {name: str(it["Default"]) for name, it in self.template["Parameters"].items()}
        self.parameters |= parameters
        translated = _translated(tuple(sorted(self.parameters.items())), region)
        self._conditions: dict[str, Any] = translated["Conditions"]
        kept = {
            name: resource
            for name, resource in translated["Resources"].items()
            if "Condition" not in resource or self.holds(resource["Condition"])
        }
        self.resources: dict[str, Resource] = {name: self.decided(it) for name, it in kept.items()}
        self.outputs: dict[str, Any] = {
            name: self.decided(output)
            for name, output in translated["Outputs"].items()
            if "Condition" not in output or self.holds(output["Condition"])
        }

    def of_type(self, *kinds: str) -> dict[str, dict[str, Any]]:
        """Properties by logical id of all resources of these types."""
        return {name: it.get("Properties", {}) for name, it in self.resources.items() if it["Type"] in kinds}

    def properties(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.resources[name]["Properties"]
        return found

    def holds(self, condition: str) -> bool:
        return bool(self._decide(self._conditions[condition]))

    def value(self, value: Any) -> Any:
        """A parameter's value where there is a `!Ref` to one, or a `!Sub` of some; anything else as it is."""
        match value:
            case {"Ref": str(name)} if name in self.parameters:
                return self.parameters[name]
            case {"Fn::Sub": str(pattern)}:
                return re.sub(r"\$\{(\w+)\}", lambda found: self.parameters[found[1]], pattern)
            case _:
                return value

    def decided(self, value: Any) -> Any:
        """The value with every `!If` decided and `AWS::NoValue` gone."""
        if isinstance(value, dict):
            if set(value) == {"Fn::If"}:
                condition, then, otherwise = value["Fn::If"]
                return self.decided(then if self.holds(condition) else otherwise)
            parts = {name: self.decided(part) for name, part in value.items()}
            return {name: part for name, part in parts.items() if part != _NOTHING}
        if isinstance(value, list):
            return [part for part in map(self.decided, value) if part != _NOTHING]
        return value

    def _decide(self, expression: Any) -> Any:
        match expression:
            case {"Fn::Equals": [left, right]}:
                return self._decide(left) == self._decide(right)
            case {"Fn::And": parts}:
                return all(self._decide(part) for part in parts)
            case {"Fn::Or": parts}:
                return any(self._decide(part) for part in parts)
            case {"Fn::Not": [inner]}:
                return not self._decide(inner)
            case {"Ref": name}:
                return (self.pseudo | self.parameters)[name]
            case {"Condition": name}:
                return self.holds(name)
            case _:
                return expression


def short(value: Any) -> str:
    """A reference in words: `!GetAtt Table.Arn` and `!Ref Table` are "Table", `${Table.Arn}/x` "Table/x"."""
    match value:
        case str():
            return value
        case {"Ref": name}:
            return str(name)
        case {"Fn::GetAtt": [name, "Arn" | "QueueName"]}:
            return str(name)
        case {"Fn::GetAtt": [name, attribute]}:
            return f"{name}.{attribute}"
        case {"Fn::Sub": [str(pattern), dict(values)]}:
            return short({"Fn::Sub": re.sub(r"\$\{(\w+)\}", lambda it: values.get(it[1], it[0]), pattern)})
        case {"Fn::Sub": str(pattern)}:
            return re.sub(r"\$\{([^}]+?)(\.Arn)?\}", r"\1", pattern)
        case _:
            raise AssertionError(f"no reference: {value!r}")


def listed(value: Any) -> list[Any]:
    """A list, also where IAM takes one thing without its list."""
    return value if isinstance(value, list) else [value]


def statements(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    assert document["Version"] == "2012-10-17"
    yield from document["Statement"]


_NOTHING = {"Ref": "AWS::NoValue"}


@functools.cache
@functools.cache
def partitions() -> list[dict[str, Any]]:
    """Every partition of AWS that botocore knows."""
    import botocore.loaders

    known: list[dict[str, Any]] = botocore.loaders.create_loader().load_data("partitions")["partitions"]
    return known


def _pseudo_parameters(region: str) -> dict[str, str]:
    (partition,) = [it for it in partitions() if region in it["regions"]]
    return {
        "AWS::Partition": partition["id"],
        "AWS::Region": region,
        "AWS::URLSuffix": partition["outputs"]["dnsSuffix"],
        "AWS::AccountId": "123456789012",
    }


@functools.cache
def _translated(parameters: tuple[tuple[str, str], ...], region: str) -> dict[str, Any]:
    import boto3
    from samtranslator.parser.parser import Parser  # type: ignore[import-untyped]
    from samtranslator.translator.translator import Translator  # type: ignore[import-untyped]

    template = copy.deepcopy(source())
    template["Globals"]["Function"]["CodeUri"] = "s3://built/function"  # as `sam package` leaves it
    template["Resources"]["FfmpegLayer"]["Properties"]["ContentUri"] = "s3://built/layer"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_DEFAULT_REGION", region)
        session = boto3.session.Session(region_name=region)
        result: dict[str, Any] = Translator({}, Parser(), boto_session=session).translate(
            template, dict(parameters)
        )
    return result

"""botocore's data files, as far as a client of one of our services takes anything from them.

For its first client botocore looks into the folders of all 400 services, and parses 1.2 MB of endpoints of
every region. It then takes addresses from the service's own rules, and of all that only what its small file
of partitions says too: a fifth of a function's start. Its files it parses in Python, so that objects keep
their order: every dictionary does, and C is faster by half.
"""

import gzip
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import botocore
from botocore.loaders import JSONFileLoader, Loader

from functions.shared.aws.service_models import OPERATIONS, model_of

if TYPE_CHECKING:
    from botocore.session import Session

_ENDPOINTS = "endpoints"
_DEFAULTS = {
    "hostname": "{service}.{region}.{dnsSuffix}",
    "protocols": ["https"],
    "signatureVersions": ["v4"],
}
_S3 = {"defaults": {"signatureVersions": ["s3v4"]}}  # the one service that signs in a way of its own


def leave_out_documentation() -> None:
    """Before the first client is made: its methods have no texts for `help()`, whose writer is not loaded.

    For a function only: it takes them from the whole process.
    """
    package, texts = ModuleType("botocore.docs"), ModuleType("botocore.docs.docstring")
    package.__path__ = [str(Path(botocore.__path__[0], "docs"))]
    for name in ("ClientMethodDocstring", "PaginatorDocstring", "WaiterDocstring"):
        setattr(texts, name, _no_text)
    for module in (package, texts):
        sys.modules.setdefault(module.__name__, module)


def _no_text(**_: object) -> str:
    return ""


def lean_session() -> "Session":
    """A session that makes clients of the services in OPERATIONS only.

    Of the 127 things that botocore does to the calls of single services, it does what concerns these.
    """
    from botocore.handlers import BUILTIN_HANDLERS, REGISTER_FIRST
    from botocore.session import Session

    session = Session(include_builtin_handlers=False)
    session.register_component("data_loader", LeanLoader())
    events = session.get_component("event_emitter")
    for name, handler, *place in BUILTIN_HANDLERS:
        if not concerns_ours(name):
            continue
        if not place:
            events.register(name, handler)
        elif place[0] is REGISTER_FIRST:
            events.register_first(name, handler)
        else:
            events.register_last(name, handler)
    return session


def concerns_ours(event: str) -> bool:
    """Whether something of that event happens to our clients: it is of all services, or of one of ours."""
    kind, _, rest = event.partition(".")
    return kind != "docs" and rest.partition(".")[0] in ("", "*", *OPERATIONS)


class LeanLoader(Loader):
    """The `data_loader` of a botocore session that makes clients of the services in OPERATIONS only."""

    def __init__(self) -> None:
        super().__init__(file_loader=_LeanFiles())

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002
        return sorted(OPERATIONS)

    def load_data_with_path(self, name: str) -> tuple[Any, str]:
        if name != _ENDPOINTS:
            found: tuple[Any, str] = super().load_data_with_path(name)
            return found
        data, path = super().load_data_with_path("partitions")
        return {"version": 3, "partitions": [_partition(it) for it in data["partitions"]]}, path


class _LeanFiles(JSONFileLoader):
    """Objects become plain dictionaries, and models are read in part."""

    def load_file(self, file_path: str) -> Any:
        """What is in `<file_path>.json`, or in that of `.json.gz`; None: there is neither."""
        plain, packed = Path(f"{file_path}.json"), Path(f"{file_path}.json.gz")
        if plain.is_file():
            text = plain.read_bytes()
        elif packed.is_file():
            text = gzip.decompress(packed.read_bytes())
        else:
            return None
        service, _, kind = Path(file_path).parts[-3:]
        if kind == "service-2" and service in OPERATIONS:
            return model_of(text, OPERATIONS[service])
        return json.loads(text.decode())


def _partition(known: Mapping[str, Any]) -> dict[str, Any]:
    """In the form of the file of endpoints."""
    suffix = known["outputs"]["dnsSuffix"]
    return {
        "partition": known["id"],
        "dnsSuffix": suffix,
        "regionRegex": known["regionRegex"],
        "regions": known["regions"],
        "defaults": _DEFAULTS,
        "services": {"s3": _s3_of_all_regions(suffix) if known["id"] == "aws" else _S3 | {"endpoints": {}}},
    }


def _s3_of_all_regions(suffix: str) -> dict[str, Any]:
    """In this partition S3 of us-east-1 has an address for all regions."""
    everywhere = {"credentialScope": {"region": "us-east-1"}, "hostname": f"s3.{suffix}"}
    return {
        **_S3,
        "isRegionalized": True,
        "partitionEndpoint": "aws-global",
        "endpoints": {"aws-global": everywhere},
    }

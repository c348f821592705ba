"""Whose settings a command looks at: of a file, of the environment, of the installed service, of `.env`."""

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from functions.shared.errors import ConfigurationError
from functions.shared.settings import declarations
from infra.local.config import read_environment

SERVICES = ("printer-bridge", "printer-collector")  # where both are installed the bridge is looked at
_UNITS = Path("etc/systemd/system")
_STATES = "/var/lib"  # what systemd puts for %S in a unit of the system
# Settings of ours that other programs go by too: they do not tell that the environment is meant.
_OF_OTHERS = frozenset({"HOST", "PORT", "LOG_LEVEL", "TIMEZONE"})


@dataclass(frozen=True, slots=True)
class Installed:
    """A service that install.sh has made: what its unit sets, and the file with its settings."""

    name: str
    file: Path
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Source:
    """The variables that are looked at, where they come from in words, and the service whose they are.

    `others`: installed services that are not looked at.
    """

    variables: dict[str, str]
    words: str
    service: str | None = None
    others: tuple[Installed, ...] = ()


def find_installed(root: Path = Path("/")) -> list[Installed]:
    """The installed services, the bridge before the collector; none where there is no systemd."""
    found = []
    for name in SERVICES:
        unit = root / _UNITS / f"{name}.service"
        text = _text(unit)
        if text is None:
            continue
        # What its owner has put beside it (systemctl edit), as systemd reads it: by name, after the unit.
        own = [_text(path) or "" for path in sorted(Path(f"{unit}.d").glob("*.conf"))]
        file = ""
        variables: dict[str, str] = {}
        for line in "\n".join([text, *own]).splitlines():
            key, _, value = (part.strip() for part in line.partition("="))
            if key == "EnvironmentFile" and value:
                file = value.lstrip("-/")
            elif key == "Environment":
                pairs = dict(pair.split("=", 1) for pair in _words(value) if "=" in pair)
                variables = variables | pairs if value else {}
        if file:
            states = str(root / _STATES.lstrip("/"))
            values = {name: value.replace("%S", states) for name, value in variables.items()}
            found.append(Installed(name, root / file, values))
    return found


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _words(value: str) -> list[str]:
    try:
        return shlex.split(value)
    except ValueError:  # a quotation mark without its other: systemd passes it over too
        return []


def read_source(
    file: Path | None, folder: Path, environment: Mapping[str, str], root: Path | None = Path("/")
) -> Source:
    """The settings that are meant. Raises ConfigurationError when their file cannot be read.

    A file that is named counts before all; then an environment with settings of ours in it, which a person
    or a container has set; then an installed service; then `.env` in the folder. `root`: below which services
    are looked for, None: they are not.
    """
    installed = find_installed(root) if root is not None else []
    if file is not None:
        named = next((it for it in installed if _is_same(it.file, file)), None)
        if named is not None:
            return _of_service(named, environment, installed)
        return Source(dict(environment) | _read(file), str(file), None, tuple(installed))
    ours = {it.variable for it in declarations()} - _OF_OTHERS
    if installed and not any(environment.get(name, "").strip() for name in ours):
        return _of_service(installed[0], environment, installed)
    variables = read_environment(folder, environment)
    has_file = (folder / ".env").is_file()
    words = f"{folder / '.env'} and the environment" if has_file else f"the environment (no .env in {folder})"
    return Source(variables, words, None, tuple(installed))


def _of_service(service: Installed, environment: Mapping[str, str], installed: list[Installed]) -> Source:
    """As systemd makes them: nothing of whoever calls, but for what leads to programs and through a proxy."""
    ours = {it.variable for it in declarations()}
    own = {k: v for k, v in environment.items() if k not in ours and not k.startswith("AWS_")}
    variables = own | dict(service.variables) | _read(service.file)
    others = tuple(it for it in installed if it.name != service.name)
    return Source(variables, f"{service.file}, of the installed service {service.name}", service.name, others)


def _read(file: Path) -> dict[str, str]:
    try:
        with file.open(encoding="utf-8") as opened:
            read = dotenv_values(stream=opened)
    except UnicodeDecodeError:
        raise ConfigurationError([f"{file} must be text in UTF-8"]) from None
    except PermissionError:
        raise ConfigurationError([f"{file} can be read by root alone: call it with sudo"]) from None
    except OSError as error:
        raise ConfigurationError([f"{file} cannot be read: {error.strerror or error}"]) from None
    return {name: value for name, value in read.items() if value is not None}


def _is_same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)

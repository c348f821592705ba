"""Beside an installed service its settings are looked at, whatever folder the command is called in."""

import io
import json
import shutil
from pathlib import Path

import pytest

from functions.shared.errors import ConfigurationError
from infra.local.cli import make_parser
from infra.local.doctor.findings import Outcome
from infra.local.doctor.program import run
from infra.local.doctor.service_check import evaluate_service
from infra.local.installation import find_installed, read_source

UNITS = Path(__file__).parents[3] / "infra" / "raspberry-pi"
GIVEN = {"PATH": "/bin", "HOST": "0.0.0.0"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine with the bridge installed, and a clone with a `.env` of its own in it."""
    root = tmp_path / "root"
    install(root, "bridge", "TIMEZONE=Europe/Berlin\nFFMPEG=/nowhere/ffmpeg\n")
    (root / "clone").mkdir()
    (root / "clone/.env").write_text("TIMEZONE=Europe/Lisbon\n", encoding="utf-8")
    return root


def install(root: Path, name: str, settings: str) -> Path:
    for folder in ("etc/systemd/system", "etc/printer-bridge"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    shutil.copy(UNITS / f"printer-{name}.service", root / "etc/systemd/system")
    file = root / f"etc/printer-bridge/{name}.env"
    file.write_text(settings, encoding="utf-8")
    return file


def test_the_installed_service_is_meant_with_all_that_its_unit_sets(root: Path) -> None:
    source = read_source(None, root / "clone", GIVEN | {"AWS_PROFILE": "mine"}, root)
    assert source.service == "printer-bridge"
    assert str(root / "etc/printer-bridge/bridge.env") in source.words
    assert source.variables["TIMEZONE"] == "Europe/Berlin"
    assert source.variables["DATA_DIR"] == str(root / "var/lib/printer-bridge/data")
    assert source.variables["SIMULATE"] == "0"
    assert source.variables["PATH"] == "/bin"
    assert not source.variables.keys() & {"HOST", "AWS_PROFILE"}  # of the shell, not of the service


def test_what_its_owner_put_beside_the_unit_counts_as_it_does_for_systemd(root: Path) -> None:
    beside = root / "etc/systemd/system/printer-bridge.service.d"
    beside.mkdir()
    (beside / "override.conf").write_text(
        "[Service]\nReadWritePaths=/mnt/disk\n"
        'Environment = "IMAGES_DIR=/mnt/my disk/images"\nEnvironment="PORT=1\n'
    )
    (beside / "a-first.conf").write_text("[Service]\nEnvironment=IMAGES_DIR=/elsewhere LOG_LEVEL=DEBUG\n")
    (beside / "notes.txt").write_text("Environment=LOG_LEVEL=ERROR\n")
    found = read_source(None, root / "clone", GIVEN, root).variables
    assert found["IMAGES_DIR"] == "/mnt/my disk/images"
    assert found["LOG_LEVEL"] == "DEBUG"
    assert found["DATA_DIR"] == str(root / "var/lib/printer-bridge/data")
    (beside / "z-last.conf").write_text("[Service]\nEnvironment=\nEnvironment=DATA_DIR=/mnt/data\n")
    assert read_source(None, root / "clone", GIVEN, root).variables.keys() & {"DATA_DIR", "IMAGES_DIR"} == {
        "DATA_DIR"
    }


def test_the_environment_and_a_named_file_are_meant_before_it(root: Path) -> None:
    chosen = read_source(None, root / "clone", {"PRINTER_ID": "P"}, root)
    assert (chosen.service, chosen.variables["TIMEZONE"]) == (None, "Europe/Lisbon")
    named = read_source(root / "clone/.env", root, {"TIMEZONE": "UTC"}, root)
    assert (named.service, named.variables["TIMEZONE"]) == (None, "Europe/Lisbon")
    assert [other.name for other in named.others] == ["printer-bridge"]
    same = read_source(root / "etc/printer-bridge/bridge.env", root / "clone", {"PRINTER_ID": "P"}, root)
    assert same.service == "printer-bridge"
    assert "PRINTER_ID" not in same.variables


def test_without_a_service_it_is_the_folder(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PRINTER_ID=P\n", encoding="utf-8")
    for where in (tmp_path, None):
        source = read_source(None, tmp_path, {}, where)
        assert (source.service, source.others, source.variables) == (None, (), {"PRINTER_ID": "P"})
        assert str(tmp_path / ".env") in source.words


def test_of_two_services_the_bridge_is_meant_and_the_other_named(root: Path) -> None:
    file = install(root, "collector", "PRINTER_ID=P\n")
    assert [it.name for it in find_installed(root)] == ["printer-bridge", "printer-collector"]
    source = read_source(None, root, {}, root)
    assert (source.service, [it.file for it in source.others]) == ("printer-bridge", [file])


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_said(root: Path, content: bytes | None) -> None:
    file = root / "etc/printer-bridge/bridge.env"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigurationError) as raised:
        read_source(None, root, {}, root)
    assert raised.value.faults[0].startswith(str(file))


def doctor(root: Path, *words: str) -> tuple[int, list[dict[str, str]]]:
    arguments = make_parser().parse_args(["doctor", "--json", "--seconds", "1", *words])
    output = io.StringIO()
    code = run(arguments, output, io.StringIO(), root / "clone", {"PATH": "/nowhere"}, root=root)
    return code, json.loads(output.getvalue())["findings"]


def test_the_doctor_says_which_settings_it_looked_at(root: Path) -> None:
    nowhere = "SIMULATE=1\nPORT=0\nFFMPEG=/nowhere/ffmpeg\n"
    install(root, "bridge", nowhere)
    code, found = doctor(root)
    assert code == 1  # of the other folder's settings it would say that all is well
    assert "bridge.env, of the installed service printer-bridge" in found[0]["found"]
    assert any(it["check"] == "ffmpeg" and it["outcome"] == Outcome.FAULT for it in found)
    (root / "clone/.env").write_text("SIMULATE=1\nPORT=0\n", encoding="utf-8")
    code, found = doctor(root, "--env-file", str(root / "clone/.env"))
    assert code == 0
    (beside,) = [it for it in found if it["subject"] == "printer-bridge"]
    assert (beside["outcome"], "is not looked at" in beside["found"]) == (Outcome.WARNING, True)


@pytest.mark.parametrize(
    ("shown", "outcome", "words"),
    [
        ({"ActiveState": "active", "StatusText": "all delivered"}, Outcome.FINE, "running; all delivered"),
        ({"ActiveState": "active"}, Outcome.FINE, "running"),
        ({"ActiveState": "failed", "ExecMainStatus": "2"}, Outcome.FAULT, "settings cannot be used"),
        ({"ActiveState": "activating", "SubState": "auto-restart"}, Outcome.FAULT, "again and again"),
        ({"ActiveState": "inactive"}, Outcome.FAULT, "does not run (inactive)"),
        ({}, Outcome.FAULT, "not known to systemd"),
    ],
)
def test_how_the_service_is(shown: dict[str, str], outcome: Outcome, words: str) -> None:
    finding = evaluate_service("printer-bridge", shown)
    assert finding.outcome is outcome
    assert words in finding.found

"""What is said of BambUI's settings that are not set."""

import pytest

from functions.shared.settings import load_settings
from infra.local.doctor.bambui_defaults import (
    evaluate_hosts,
    evaluate_simulation,
    unset_in,
    with_default_advice,
)
from infra.local.doctor.findings import Outcome, fault, warning

OWN_LIST = {"PRINTERS_API_URL": "http://192.168.1.5:8080/api/printers"}
OWN_SOCKET = {"WS_URL_TEMPLATE": "ws://192.168.1.5/ws/printer/{printer_id}"}
THEIR_LIST = {"PRINTERS_API_URL": load_settings({}, "local").printers_api_url}


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({}, None),
        (OWN_LIST, "WS_URL_TEMPLATE is not set: its default is on another computer than PRINTERS_API_URL"),
        (OWN_SOCKET, "PRINTERS_API_URL is not set: its default is on another computer than WS_URL_TEMPLATE"),
        (OWN_LIST | OWN_SOCKET, None),
        (THEIR_LIST, None),
    ],
)
def test_one_address_of_two_is_warned_of(environment: dict[str, str], found: str | None) -> None:
    findings = evaluate_hosts("BambUI", load_settings(environment, "local"), unset_in(environment))
    assert [(it.outcome, it.found) for it in findings] == ([(Outcome.WARNING, found)] if found else [])


def test_an_empty_variable_is_not_set() -> None:
    assert unset_in({"PRINTER_ID": " ", **OWN_LIST}) == {"PRINTER_ID", "WS_URL_TEMPLATE"}


def test_only_a_fault_of_a_default_gets_its_advice() -> None:
    wrong, doubtful = (
        fault("BambUI", "list", "silent", "Start it."),
        warning("BambUI", "list", "odd", "Look."),
    )
    unset = frozenset({"PRINTERS_API_URL"})
    assert "is not set, so its default counts" in with_default_advice(wrong, "PRINTERS_API_URL", unset).advice
    assert with_default_advice(wrong, "WS_URL_TEMPLATE", unset) == wrong
    assert with_default_advice(doubtful, "PRINTERS_API_URL", unset) == doubtful


@pytest.mark.parametrize(
    ("environment", "is_asked_for", "words"),
    [
        ({}, False, "no BambUI of your own is set"),
        ({}, True, "SIMULATE=1: a simulated printer is shown"),
        (OWN_LIST, True, "SIMULATE=1: a simulated printer is shown, your BambUI is not looked at"),
    ],
)
def test_a_simulated_printer_is_said_with_its_reason(
    environment: dict[str, str], is_asked_for: bool, words: str
) -> None:
    found = evaluate_simulation("BambUI", unset_in(environment), is_asked_for).found
    assert found == words or (not is_asked_for and found.startswith(words))

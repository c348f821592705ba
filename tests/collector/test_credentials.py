"""Credentials that are missing are a fault of the settings; those that may yet come are none."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from collector.config import credential_faults
from tests.support.timeouts import TIMEOUT


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def test_none_at_all() -> None:
    (fault,) = credential_faults()
    assert "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are needed" in fault


def test_a_pair_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert credential_faults() == []


def test_half_a_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    (fault,) = credential_faults()
    assert "AWS_SECRET_ACCESS_KEY is missing" in fault
    assert "AKIATEST" not in fault


def test_a_profile_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "printers")
    (fault,) = credential_faults()
    assert "'printers'" in fault


def test_a_profile_file_that_is_broken(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("no section\n", encoding="utf-8")
    (fault,) = credential_faults()
    assert "AWS_CONFIG_FILE" in fault


def test_a_helper_program_that_has_no_network_yet_is_no_fault_of_the_settings(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(
        f"[default]\ncredential_process = {sys.executable} -c 'raise SystemExit(1)'\n", encoding="utf-8"
    )
    assert credential_faults() == []


def test_looking_costs_the_collector_no_boto3() -> None:
    """boto3 is loaded by the thread that ships, not before the watching begins."""
    code = "import sys; from collector.__main__ import main; sys.exit('boto3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=TIMEOUT).returncode == 0

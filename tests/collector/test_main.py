"""`python -m collector` on its own says what it needs."""

import logging
import os
import subprocess
import sys

import pytest

from collector.app import log_start
from collector.config import read_cloud_settings
from tests.support.timeouts import TIMEOUT


def _run(**environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "collector"],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


def test_without_a_remote_backend_it_says_what_to_start_instead() -> None:
    done = _run()
    assert done.returncode == 2
    assert "REPORTS_QUEUE_URL" in done.stderr
    assert "printer-bridge" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_unusable_setting_is_named_at_once() -> None:
    done = _run(STATUS_TIMEOUT_SECONDS="soon", WS_URL_TEMPLATE="ftp://x")
    assert done.returncode == 2
    assert "STATUS_TIMEOUT_SECONDS" in done.stderr
    assert "WS_URL_TEMPLATE" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_says_which_hosts_it_asks_as_no_setting_names_others(caplog: pytest.LogCaptureFixture) -> None:
    queue = "https://sqs.eu-central-1.amazonaws.com/123456789012/reports.fifo"
    given = {"REPORTS_QUEUE_URL": queue, "FRAMES_BUCKET": "frames", "PRINTERS_API_URL": "http://b.lan/api"}
    with caplog.at_level(logging.INFO):
        log_start(read_cloud_settings(given))
        assert "asked: print.lo.f0rth.space (WS_URL_TEMPLATE)" in caplog.text
        caplog.clear()
        log_start(read_cloud_settings(given | {"WS_URL_TEMPLATE": "ws://b.lan/{printer_id}"}))
        assert "defaults" not in caplog.text

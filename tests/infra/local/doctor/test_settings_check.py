"""The settings: every fault by name, typing mistakes, and what the other checks can still rely on."""

from infra.local.doctor.settings_check import read_settings
from tests.infra.local.doctor.examined import FAULT, FINE, NOTHING, WARNING, by_subject

GOOD_TOKEN = "123456789:AAFakeTokenForTheLocalServer_0123456789"


def test_nothing_set_is_fine() -> None:
    _, (finding,) = read_settings({"HOME": "/root", "PATH": "/bin", "LANG": "C"})
    assert (finding.outcome, finding.found) == (FINE, "nothing is set: the defaults count")


def test_hosts_that_are_asked_as_nothing_else_is_set_are_named() -> None:
    _, findings = read_settings({"WS_URL_TEMPLATE": "ws://b.lan/{printer_id}", "OPENROUTER_API_KEY": "key"})
    told = by_subject(findings)["default addresses"]
    assert told.outcome is NOTHING
    assert "print.lo.f0rth.space (PRINTERS_API_URL), openrouter.ai (OPENROUTER_BASE_URL)" in told.found
    own = {"PRINTERS_API_URL": "http://b.lan/api/printers", "WS_URL_TEMPLATE": "ws://b.lan/{printer_id}"}
    for given in (own, {"SIMULATE": "1"}):
        assert "default addresses" not in by_subject(read_settings(given)[1])


def test_in_the_cloud_only_those_of_the_collector_count() -> None:
    queue = "https://sqs.eu-central-1.amazonaws.com/123456789012/reports.fifo"
    given = {"FRAMES_BUCKET": "frames", "REPORTS_QUEUE_URL": queue, "OPENROUTER_API_KEY": "key"}
    told = by_subject(read_settings(given)[1])["default addresses"]
    assert told.found.endswith("print.lo.f0rth.space (PRINTERS_API_URL, WS_URL_TEMPLATE)")


def test_all_faults_are_named_at_once_and_the_rest_counts() -> None:
    setup, findings = read_settings(
        {"PORT": "70000", "TIMEZONE": "Mars", "PROGRESS_STEP": "often", "PRINTER_ID": "P1S"}
    )
    assert setup.faulty == {"PORT", "TIMEZONE", "PROGRESS_STEP"}
    assert {it.subject for it in findings if it.outcome is FAULT} == setup.faulty
    assert setup.settings.printer_id == "P1S"
    assert setup.settings.port == 8000


def test_a_value_that_is_secret_is_not_repeated() -> None:
    setup, findings = read_settings(
        {"TELEGRAM_BOT_TOKEN": "my-secret", "PRINTERS_API_URL": "ftp://me:my-password@host/"}
    )
    assert setup.faulty == {"TELEGRAM_BOT_TOKEN", "PRINTERS_API_URL"}
    assert "my-" not in str(findings)


def test_a_token_without_a_chat_is_sent_to_chat_id() -> None:
    setup, findings = read_settings({"TELEGRAM_BOT_TOKEN": GOOD_TOKEN})
    finding = by_subject(findings)["TELEGRAM_CHAT_ID"]
    assert "printer-bridge chat-id" in finding.advice
    assert finding.found == "is needed with TELEGRAM_BOT_TOKEN"
    assert {"TELEGRAM_CHAT_ID", "TELEGRAM_BOT_TOKEN"} <= setup.faulty


def test_a_contradiction_leaves_neither_of_the_two() -> None:
    setup, _ = read_settings({"RECONNECT_MIN_SECONDS": "100", "RECONNECT_MAX_SECONDS": "2"})
    assert setup.faulty == {"RECONNECT_MIN_SECONDS", "RECONNECT_MAX_SECONDS"}


def test_faults_share_the_advice_that_counts_for_all() -> None:
    _, one = read_settings({"PORT": "70000"})
    assert [it.advice[:10] for it in one] == ["Correct it"]
    _, more = read_settings({"PORT": "70000", "TIMEZONE": "Mars", "TELEGRAM_BOT_TOKEN": GOOD_TOKEN})
    advice = {it.subject: it.advice for it in more}
    assert advice["PORT"] == ""
    assert advice["TIMEZONE"].startswith("Correct them in .env")
    assert "chat-id" in advice["TELEGRAM_CHAT_ID"]


def test_typing_mistakes_alone_are_not_called_nothing() -> None:
    _, (first, typo) = read_settings({"PRINTER_API_URL": "http://bambui.lan/"})
    assert first.found == "no setting that is known is set: the defaults count"
    assert (typo.outcome, typo.advice) == (WARNING, "Did you mean PRINTERS_API_URL?")


def test_a_port_in_the_host_is_a_fault_of_the_host() -> None:
    setup, findings = read_settings({"HOST": "localhost:8000"})
    assert setup.faulty == {"HOST"}
    assert by_subject(findings)["HOST"].found.startswith("must not have a port")


def test_cloud_mode_asks_for_what_the_collector_needs() -> None:
    setup, findings = read_settings({"FRAMES_BUCKET": "s3://frames"}, lambda: ["AWS_ACCESS_KEY_ID is needed"])
    assert {"REPORTS_QUEUE_URL", "FRAMES_BUCKET"} <= setup.faulty
    assert "the AWS credentials" in setup.faulty
    assert "Edge credentials" in by_subject(findings)["AWS_ACCESS_KEY_ID"].advice
    queue = "https://sqs.eu-central-1.amazonaws.com/123456789012/reports.fifo"
    good, _ = read_settings({"FRAMES_BUCKET": "frames", "REPORTS_QUEUE_URL": queue})
    assert (good.faulty, good.region) == (frozenset(), "eu-central-1")

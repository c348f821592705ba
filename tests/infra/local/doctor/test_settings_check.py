"""The settings: every fault by name, typing mistakes, and what the other checks can still rely on."""

from infra.local.doctor.findings import Finding, Outcome
from infra.local.doctor.settings_check import read_settings

GOOD_TOKEN = "123456789:AAFakeTokenForTheLocalServer_0123456789"


def by_subject(findings: tuple[Finding, ...]) -> dict[str, Finding]:
    return {finding.subject: finding for finding in findings}


def test_nothing_set_is_fine() -> None:
    (finding,) = read_settings({"HOME": "/root", "PATH": "/bin", "LANG": "C"}).findings
    assert (finding.outcome, finding.found) == (Outcome.FINE, "nothing is set: the defaults count")


def test_all_faults_are_named_at_once_and_the_rest_counts() -> None:
    read = read_settings({"PORT": "70000", "TIMEZONE": "Mars", "PROGRESS_STEP": "often", "PRINTER_ID": "P1S"})
    assert read.faulty == {"PORT", "TIMEZONE", "PROGRESS_STEP"}
    assert {it.subject for it in read.findings if it.outcome is Outcome.FAULT} == read.faulty
    assert read.settings.printer_id == "P1S"
    assert read.settings.port == 8000


def test_a_value_that_is_secret_is_not_repeated() -> None:
    read = read_settings(
        {"TELEGRAM_BOT_TOKEN": "my-secret", "PRINTERS_API_URL": "ftp://me:my-password@host/"}
    )
    assert read.faulty == {"TELEGRAM_BOT_TOKEN", "PRINTERS_API_URL"}
    assert "my-" not in str(read.findings)


def test_a_token_without_a_chat_is_sent_to_chat_id() -> None:
    read = read_settings({"TELEGRAM_BOT_TOKEN": GOOD_TOKEN})
    finding = by_subject(read.findings)["TELEGRAM_CHAT_ID"]
    assert "printer-bridge chat-id" in finding.advice
    assert finding.found == "is needed with TELEGRAM_BOT_TOKEN"
    assert {"TELEGRAM_CHAT_ID", "TELEGRAM_BOT_TOKEN"} <= read.faulty


def test_a_contradiction_leaves_neither_of_the_two() -> None:
    read = read_settings({"RECONNECT_MIN_SECONDS": "100", "RECONNECT_MAX_SECONDS": "2"})
    assert read.faulty == {"RECONNECT_MIN_SECONDS", "RECONNECT_MAX_SECONDS"}


def test_faults_share_the_advice_that_counts_for_all() -> None:
    one = read_settings({"PORT": "70000"}).findings
    assert [it.advice[:10] for it in one] == ["Correct it"]
    more = read_settings({"PORT": "70000", "TIMEZONE": "Mars", "TELEGRAM_BOT_TOKEN": GOOD_TOKEN}).findings
    advice = {it.subject: it.advice for it in more}
    assert advice["PORT"] == ""
    assert advice["TIMEZONE"].startswith("Correct them in .env")
    assert "chat-id" in advice["TELEGRAM_CHAT_ID"]


def test_typing_mistakes_alone_are_not_called_nothing() -> None:
    first, typo = read_settings({"PRINTER_API_URL": "http://bambui.lan/"}).findings
    assert first.found == "no setting that is known is set: the defaults count"
    assert (typo.outcome, typo.advice) == (Outcome.WARNING, "Did you mean PRINTERS_API_URL?")


def test_a_port_in_the_host_is_a_fault_of_the_host() -> None:
    read = read_settings({"HOST": "localhost:8000"})
    assert read.faulty == {"HOST"}
    assert by_subject(read.findings)["HOST"].found.startswith("must not have a port")


def test_cloud_mode_asks_for_what_the_collector_needs() -> None:
    read = read_settings({"FRAMES_BUCKET": "s3://frames"}, lambda: ["AWS_ACCESS_KEY_ID is needed"])
    assert {"REPORTS_QUEUE_URL", "FRAMES_BUCKET"} <= read.faulty
    assert "the AWS credentials" in read.faulty
    assert "Edge credentials" in by_subject(read.findings)["AWS_ACCESS_KEY_ID"].advice
    queue = "https://sqs.eu-central-1.amazonaws.com/123456789012/reports.fifo"
    good = read_settings({"FRAMES_BUCKET": "frames", "REPORTS_QUEUE_URL": queue})
    assert (good.faulty, good.region) == (frozenset(), "eu-central-1")

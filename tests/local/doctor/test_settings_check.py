"""The settings: every fault by name, typing mistakes, and what the other checks can still rely on."""

from infra.local.doctor.finding import Finding, Outcome
from infra.local.doctor.settings_check import read_settings, strangers

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
    assert "printer-bridge chat-id" in by_subject(read.findings)["TELEGRAM_CHAT_ID"].advice
    assert {"TELEGRAM_CHAT_ID", "TELEGRAM_BOT_TOKEN"} <= read.faulty


def test_a_contradiction_leaves_neither_of_the_two() -> None:
    read = read_settings({"RECONNECT_MIN_SECONDS": "100", "RECONNECT_MAX_SECONDS": "2"})
    assert read.faulty == {"RECONNECT_MIN_SECONDS", "RECONNECT_MAX_SECONDS"}


def test_names_that_nobody_reads_are_shown_when_they_look_like_ours() -> None:
    given = {
        "TELEGRAM_TOKEN": "x",
        "PRINTER_API_URL": "x",
        "timezone": "x",
        "OPENROUTER_KEY": "x",
        "AWS_PROFILE": "x",
        "HOSTNAME": "x",
        "EDITOR": "x",
    }
    assert strangers(given) == [
        ("OPENROUTER_KEY", "OPENROUTER_API_KEY"),
        ("PRINTER_API_URL", "PRINTERS_API_URL"),
        ("TELEGRAM_TOKEN", "TELEGRAM_BOT_TOKEN"),
        ("timezone", "TIMEZONE"),
    ]


def test_cloud_mode_asks_for_what_the_collector_needs() -> None:
    read = read_settings({"FRAMES_BUCKET": "s3://frames"}, lambda: ["AWS_ACCESS_KEY_ID is needed"])
    assert {"REPORTS_QUEUE_URL", "FRAMES_BUCKET"} <= read.faulty
    assert "the AWS credentials" in read.faulty
    assert "Edge credentials" in by_subject(read.findings)["AWS_ACCESS_KEY_ID"].advice
    queue = "https://sqs.eu-central-1.amazonaws.com/123456789012/reports.fifo"
    good = read_settings({"FRAMES_BUCKET": "frames", "REPORTS_QUEUE_URL": queue})
    assert (good.faulty, good.region) == (frozenset(), "eu-central-1")

"""Secrets in the parameter store (moto's): read once, kept, renewed, and never shown."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import Stubber
from moto import mock_aws

from functions.shared.aws.clients import make_client
from functions.shared.aws.secrets import SecretParameter
from functions.shared.errors import TransientError
from functions.shared.setting_types import bot_token
from tests.support.aws.places import aws_environment

NAME = "/printer-bridge/token"
VALUE, NEWER = "123456:AAAAAAAAAAAAAAAA", "123456:BBBBBBBBBBBBBBBB"


@pytest.fixture
def ssm() -> Iterator[Any]:
    with aws_environment(), mock_aws():
        client = make_client("ssm")
        client.put_parameter(Name=NAME, Value=VALUE, Type="SecureString")
        yield client


def parameter(ssm: Any, on_read: list[str] | None = None) -> SecretParameter:
    heard = on_read if on_read is not None else []
    return SecretParameter(lambda: ssm, NAME, "TELEGRAM_BOT_TOKEN_PARAMETER", bot_token, heard.append)


def change(ssm: Any, value: str) -> None:
    ssm.put_parameter(Name=NAME, Value=value, Type="SecureString", Overwrite=True)


def test_it_is_decrypted_and_whoever_hides_secrets_is_announced(ssm: Any) -> None:
    on_read: list[str] = []
    assert parameter(ssm, on_read).value() == VALUE
    assert on_read == [VALUE]


def test_nothing_is_read_before_it_is_needed() -> None:
    def no_client() -> Any:
        raise AssertionError("not yet")

    assert NAME in repr(SecretParameter(no_client, NAME, "VARIABLE"))


def test_it_is_kept_and_read_anew_when_refused(ssm: Any) -> None:
    secret = parameter(ssm)
    secret.value()
    change(ssm, NEWER)
    assert secret.value() == VALUE
    assert secret.value(is_refused=True) == NEWER
    assert secret.value() == NEWER


def test_while_the_store_is_away_the_last_value_serves(ssm: Any, caplog: pytest.LogCaptureFixture) -> None:
    secret = parameter(ssm)
    secret.value()
    with Stubber(ssm) as stub:
        stub.add_client_error("get_parameter", "ThrottlingException", "Rate exceeded", http_status_code=400)
        assert secret.value(is_refused=True) == VALUE
    assert "cannot be read again" in caplog.text


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ParameterNotFound", "ParameterNotFound"),
        ("AccessDeniedException", "not allowed"),
        ("ThrottlingException", "try again later"),
    ],
)
def test_who_cannot_read_it_is_announced_what_to_do_and_may_try_again(
    ssm: Any, code: str, words: str
) -> None:
    with Stubber(ssm) as stub:
        stub.add_client_error("get_parameter", code, "no")
        with pytest.raises(TransientError, match=words) as caught:
            parameter(ssm).value()
    assert NAME in str(caught.value)
    assert "TELEGRAM_BOT_TOKEN_PARAMETER" in str(caught.value)


def test_signed_headers_that_aws_repeats_are_not_shown(ssm: Any) -> None:
    with Stubber(ssm) as stub:
        message = "The canonical string should have been 'x-amz-security-token:IQoJb3JpZ2lu'"
        stub.add_client_error("get_parameter", "SignatureDoesNotMatch", message, http_status_code=403)
        with pytest.raises(TransientError) as caught:
            parameter(ssm).value()
    assert "IQoJ" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("value", ["no token", "  ", "123:short"])
def test_junk_is_named_and_never_shown(ssm: Any, value: str) -> None:
    change(ssm, value)
    with pytest.raises(TransientError, match=NAME) as caught:
        parameter(ssm).value()
    assert "no token" not in str(caught.value)
    assert "short" not in str(caught.value)


def test_blanks_around_it_do_no_harm(ssm: Any) -> None:
    change(ssm, f" {VALUE}\n")
    assert parameter(ssm).value() == VALUE

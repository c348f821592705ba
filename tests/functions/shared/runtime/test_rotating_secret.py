"""A secret that is changed while the program runs: what is made with it is made anew, and only then."""

from functions.shared.runtime.rotating_secret import RotatingSecret


class Parameter:
    """Holds a secret; who has read it keeps to that until told that it is refused."""

    def __init__(self, value: str) -> None:
        self.value = self.kept = value

    def read(self, *, is_refused: bool = False) -> str:
        if is_refused:
            self.kept = self.value
        return self.kept


def test_a_client_is_made_once_for_a_secret() -> None:
    secret = RotatingSecret(Parameter("a").read, lambda value: [value])
    assert secret.client() == ["a"]
    assert secret.client() is secret.client()


def test_after_a_refusal_the_newer_secret_is_used_from_then_on() -> None:
    parameter = Parameter("a")
    secret = RotatingSecret(parameter.read, lambda value: [value])
    refused = secret.client()
    parameter.value = "b"
    assert secret.client() is refused
    newer = secret.client_after_refusal(refused)
    assert newer == ["b"]
    assert secret.client() is newer


def test_a_refused_secret_that_is_the_newest_is_not_tried_again() -> None:
    secret = RotatingSecret(Parameter("a").read, lambda value: [value])
    refused = secret.client()
    assert secret.client_after_refusal(refused) is None
    assert secret.client() is refused

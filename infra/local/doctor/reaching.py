"""What to do when something does not answer. Pure."""

from infra.local.doctor.addresses import place_of
from infra.local.doctor.asking import Trouble, Unreachable

_PUBLIC = frozenset({"api.telegram.org", "openrouter.ai"})
_ELSEWHERE = "is that machine on, and the network?"


def reach_words(url: str, answer: Unreachable) -> str:
    return f"{place_of(url)} cannot be reached: {answer.words}"


def reach_advice(variable: str, url: str, answer: Unreachable, what: str) -> str:
    """`what` is who should listen there, such as `BambUI`."""
    if place_of(url) in _PUBLIC:
        return _public_advice(answer)
    match answer.trouble:
        case Trouble.NAME:
            return (
                f"Check the name in {variable}. If it is right: this machine does not find names now "
                "(no network, or no DNS); a local name may need its IP address instead."
            )
        case Trouble.REFUSED:
            return f"Start {what}, or correct the port in {variable}."
        case Trouble.TLS if "certificate" in answer.words:
            return (
                f"Give {what} a certificate that this machine trusts, with that very name in it, correct the "
                f"name in {variable}, and check this machine's clock."
            )
        case Trouble.TLS:
            return f"If {what} speaks plain HTTP there, begin {variable} with http:// or ws://."
        case Trouble.TIMEOUT:
            return f"Check the address in {variable}; {_ELSEWHERE} A firewall in between?"
        case Trouble.NETWORK:
            return f"Check this machine's network, then the address in {variable}; {_ELSEWHERE}"
        case _:
            return f"Check scheme, host and port in {variable}: what answers there is not {what}."


def _public_advice(answer: Unreachable) -> str:
    """The address is right; the way there is not."""
    if answer.trouble is Trouble.TLS:
        return "Check this machine's clock, and whether something in between opens encrypted connections."
    return (
        "Check this machine's network: no way into the internet, no DNS, or a firewall, filter or provider "
        "that blocks it. HTTPS_PROXY names a proxy, if there is one."
    )

"""The printer's error codes as the API shows them."""

from functions.api.views import FaultView
from functions.bridge.faults import fault_of, told_codes
from functions.bridge.status_facts import StatusFacts


def faults_of(facts: StatusFacts) -> list[FaultView]:
    """What the printer complains of now, each code once, the error of the print first."""
    faults = [fault_of(code) for code in told_codes(facts)]
    return [
        FaultView(code=fault.code, text=fault.text, severity=fault.severity, link=fault.link or "")
        for fault in faults
    ]

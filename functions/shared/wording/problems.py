"""Why what is shown may not stand any more, or is not all: of a printer, and of this machine's disk."""

PRINTER_OFFLINE = "the printer is offline"
NO_CONNECTION = "no connection to BambUI for this printer"

DISK_FULL = "the disk is full: alerts go on, pictures and films may be missing"


def collector_silent(lasted: str) -> str:
    return f"the collector has not been heard of for {lasted}"


def no_status(lasted: str, because: str) -> str:
    """`no status for 80 s, the printer is offline`; either may be empty."""
    return "no status" + (f" for {lasted}" if lasted else "") + (f", {because}" if because else "")


def free_some_space(folder: str) -> str:
    return f"Free some space for {folder}, or set a smaller STORAGE_MAX_BYTES. All comes back by itself."


def disk_full_message(advice: str) -> str:
    return f"💾 {DISK_FULL[:1].upper()}{DISK_FULL[1:]}. {advice}"

"""What is of one site is never of another, whatever BambUI calls its printers."""

from hypothesis import given
from hypothesis import strategies as st

from functions.shared.domain.keys import job_prefix, latest_key
from functions.shared.domain.sites import is_at, is_site, key_beginnings, name_at, name_in_bambui

SITES = st.from_regex(r"[a-z0-9]{1,24}", fullmatch=True)
NAMES = st.text(min_size=1, max_size=60)


@given(SITES, SITES, NAMES)
def test_a_site_s_printers_lie_in_its_own_folders_and_in_no_other_site_s(
    site: str, other: str, name: str
) -> None:
    printer = name_at(site, name)
    assert name_in_bambui(site, printer) == name
    assert is_at(site, printer)
    own = job_prefix(printer, "benchy").removeprefix("images/")
    newest = latest_key(printer).removeprefix("latest/")
    assert own.startswith(key_beginnings(site))
    assert newest.startswith(key_beginnings(site))
    if other != site:
        assert not is_at(other, printer)
        assert not own.startswith(key_beginnings(other))
        assert not newest.startswith(key_beginnings(other))


@given(NAMES)
def test_without_a_site_a_printer_has_the_name_that_bambui_gives_it(name: str) -> None:
    assert name_at("", name) == name_in_bambui("", name) == name
    assert is_at("", name)


def test_a_site_s_name_is_short_and_plain() -> None:
    assert [name for name in ("berlin", "0", "a" * 24) if not is_site(name)] == []
    bad = ("", "Berlin", "berlin.", "a" * 25, "ber lin", "berlin\n", "bérlin", "*")
    assert [name for name in bad if is_site(name)] == []

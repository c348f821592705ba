"""The words of the digest agree with their numbers."""

from functions.shared.wording import digest


def test_numbers_and_nouns_agree() -> None:
    assert digest.kept_back(0, 0) == ""
    assert digest.kept_back(1, 0) == "Kept back: 1 progress message"
    assert digest.kept_back(12, 3) == "Kept back: 12 progress messages · 3 photos"
    assert digest.earlier(1) == "1 earlier message, then:"
    standing = {digest.PRINTING: 12, digest.ENDED: 2}
    assert digest.others(14, standing) == "And 14 more printers: 12 printing, 2 done."

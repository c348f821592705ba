"""What Telegram makes of a text by itself: mentions, links, commands, tags, numbers that can be called.

Finds rather more than Telegram does (any ending of two letters counts as a domain), and nothing in code or in
a link. Times are left out: in the caption of a film they lead to that second of it, and that is all.
Source: TDLib's MessageEntity.cpp (find_entities), core.telegram.org/bots/api, "MessageEntity".
"""

import re
from collections.abc import Iterable, Iterator

# A word joiner and other invisible punctuation end an address; zero-width joiners and dashes do not.
_IN_ADDRESS = r"[^\s<>\"«»\u2000-\u200b\u200e\u200f\u2016-\u206f]"
_IN_HOST = r"(?:[A-Za-z0-9_~-]|(?=[^\x00-\xbf])" + _IN_ADDRESS + ")"
_IN_ENDING = r"(?:[A-Za-z]|(?=[^\x00-\xbf])" + _IN_ADDRESS + ")"
_TAG = r"[\w\u200c\u00b7\u0d80-\u0dff]"
_FINDERS = {
    "mention": re.compile(r"(?<!\w)@[A-Za-z0-9_]{3,32}(?!\w)"),
    "bot_command": re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/<>])"),
    "hashtag": re.compile(rf"(?<!{_TAG})#(?=\w*[^\W\d_]){_TAG}+(?!#)"),
    "cashtag": re.compile(rf"(?<![$\w])\$(?:1INCH|[A-Z]{{1,8}})(?!{_TAG}|\$)"),
    "url": re.compile(
        rf"(?:https?|ftp)://{_IN_HOST}+(?:\.{_IN_HOST}+)+"
        rf"|(?:tg|ton|tonsite)://[A-Za-z0-9_-]+"
        rf"|{_IN_HOST}+(?:\.{_IN_HOST}+)*\.(?:xn--[A-Za-z0-9]+|{_IN_ENDING}{{2,}})(?![\w-])"
        r"|(?<![\w.])(?:[1-9]?[0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])"
        r"(?:\.(?:[1-9]?[0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])){3}(?![\w.]\w)",
        re.IGNORECASE,
    ),
    "email": re.compile(r"[A-Za-z0-9_.+-]+@[A-Za-z0-9][A-Za-z0-9_.-]*\.[A-Za-z]{2,8}(?!\w)"),
    "phone_number": re.compile(
        r"(?<!\w)(?:\+[0-9](?:[ ().-]{0,2}[0-9]){6,14}|[0-9](?:[ ().-]{0,2}[0-9]){8,14})(?!\w)"
    ),
    "bank_card": re.compile(r"(?<![\w+.,-])[0-9](?:[ -]?[0-9]){12,18}(?![\w-])"),
}


def live_entities(text: str, marked: Iterable[tuple[int, int]] = ()) -> list[str]:
    """`kind: words` of each, but for those that touch code or a link (`marked`: from, to)."""
    covered = list(marked)
    return [
        f"{kind}: {words}"
        for kind, begin, end, words in _found(text)
        if not any(begin < until and since < end for since, until in covered)
    ]


def _found(text: str) -> Iterator[tuple[str, int, int, str]]:
    for kind, finder in _FINDERS.items():
        for it in finder.finditer(text):
            yield kind, it.start(), it.end(), it[0]

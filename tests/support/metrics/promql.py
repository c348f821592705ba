"""As much of PromQL as is needed to say which metrics and labels an expression uses."""

import re
from collections import defaultdict

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_RANGE = re.compile(r"\[[^\]]*\]|offset +\w+")
_GROUPING = re.compile(r"\b(?:by|on|without|ignoring|group_left|group_right) *\(([^)]*)\)")
_SELECTOR = re.compile(r"\b([a-zA-Z_:][\w:]*)\b *(\{[^}]*\})?(?! *\()")
_MATCHER = re.compile(r"(\w+) *(?:=~|!~|!=|=)")
_WORDS = {"and", "or", "unless", "by", "on", "without", "ignoring", "group_left", "group_right", "bool"}


def used(expression: str) -> tuple[dict[str, set[str]], set[str]]:
    """The metrics, each with the labels it is asked for by, and the labels that results are grouped by."""
    bare = _RANGE.sub("", _STRING.sub('""', expression))
    grouping = {label.strip() for labels in _GROUPING.findall(bare) for label in labels.split(",")} - {""}
    metrics: defaultdict[str, set[str]] = defaultdict(set)
    for name, matchers in _SELECTOR.findall(_GROUPING.sub(" ", bare)):
        if name not in _WORDS:
            metrics[name] |= set(_MATCHER.findall(matchers))
    return dict(metrics), grouping

"""A film that is missing, short, there twice or before its time is found."""

from dataclasses import replace

from tests.reliability.chaos.auditor import Finding
from tests.reliability.chaos.chat import FILM, Message
from tests.reliability.chaos.film_auditor import audit_film_order, audit_films
from tests.reliability.chaos.oracle import LATE, LOST


def kinds(findings: list[Finding]) -> set[str]:
    return {finding.kind for finding in findings}


def said(words: str, at: float) -> Message:
    return Message("P1", words, "Hook", None, at, at + 0.1)


def film(frames: int, missing: int = 0, job: str = "Hook") -> Message:
    return Message("P1", FILM, job, None, 50.0, 50.1, frames, missing)


def test_films_must_be_there_once_and_whole() -> None:
    kept = {"Hook": 30}
    assert audit_films([film(30)], kept, ["Hook"]) == []
    assert audit_films([], {"Hook": 1}, ["Hook"]) == []  # a film needs two
    assert kinds(audit_films([], kept, ["Hook"])) == {"film"}
    assert kinds(audit_films([film(29)], kept, ["Hook"])) == {"film"}
    assert kinds(audit_films([film(30, missing=1)], kept, ["Hook"])) == {"film"}
    assert kinds(audit_films([film(30), film(30)], kept, ["Hook"])) == {"twice"}
    assert kinds(audit_films([film(30)], kept, [])) == {"ghost"}
    assert kinds(audit_films([said("no timelapse", 50.0)], {}, [])) == {"film"}
    assert audit_films([film(10), film(30)], kept, [], restored=["Hook"]) == []
    assert kinds(audit_films([film(10)], kept, [], restored=["Hook"])) == {"film"}


def test_a_film_comes_behind_the_message_of_its_end() -> None:
    made, end = film(30), said("print finished", 50.0)
    made = replace(made, job=end.job)
    assert audit_film_order([end, made]) == []
    assert audit_film_order([replace(end, words="print finished" + LATE), made]) == []
    assert kinds(audit_film_order([made, end])) == {"wrong order"}
    again = [end, made, made]  # of a job that came back and has not ended anew
    assert kinds(audit_film_order(again)) == {"wrong order"}
    assert audit_film_order([said(LOST, 40.0), made, end, made]) == []

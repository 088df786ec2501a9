"""What differs from look to look is told, and makes no other finding of it."""

from __future__ import annotations

from dataclasses import replace

from monitor.packs import load
from probes.observation import Observation, Subject
from probes.target import Family, Kind, Target
from rules.facts import Seen
from rules.judge import judge
from rules.verdict import Verdict
from tests.monitor.two_cities import A1, page, taken
from tests.monitor.watching import AT
from tests.rules.judgement import policy

RULES = load()


def judged(rule: str, **facts: object) -> Verdict:
    subject = Subject(Family.IPV4, A1, "https", 443, "/")
    home = replace(page("https"), **facts)
    seen = Observation("http_home", "www", "here", subject, AT, taken(home), home)
    (verdict,) = judge(
        [RULES[rule]], Seen(Target("www", "a", Kind.WEBSITE), "here", (seen,), frozenset({"http_home"})), policy(), AT
    )
    return verdict


def test_a_sample_is_told_and_is_not_part_of_the_value() -> None:
    slow, slower = (judged("page_begins_within_three_seconds", first_byte_seconds=time) for time in (4.0, 5.0))
    assert "it.first_byte_seconds = 5.0" in slower.reason
    assert slow.reason != slower.reason
    assert slow.value == slower.value


def test_what_lasts_is_part_of_the_value() -> None:
    one, other = (judged("no_server_version_told", server_header=text) for text in ("nginx/1.2", "nginx/1.3"))
    assert one.value
    assert one.value != other.value


def test_the_value_of_a_sum_of_samples_is_that_of_the_answer() -> None:
    slow, slower = (judged("home_page_loads_within_fifteen_seconds", first_byte_seconds=time) for time in (16.0, 40.0))
    assert slow.value == slower.value

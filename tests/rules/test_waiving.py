import dataclasses
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.finding import Finding, Key, State, Waiver
from rules.handling import UNHANDLED
from rules.waiving import alike, excused
from tests.rules.judgement import NOW, finding

DAY = dt.timedelta(days=1)
TODAY = NOW.date()
FOUND = dataclasses.replace(finding("tls_expires", subject="https/443/ipv6/2001:db8::1"), value="a", agency="edu")


def waiver(**changes: object) -> Waiver:
    said = {"rule": "tls_expires", "reason": "why", "requested_by": "li", "approved_by": "wang", "granted": TODAY}
    return Waiver(**{"until": TODAY + 30 * DAY, **said, **changes})  # type: ignore[arg-type]


def judged(found: Finding, *waivers: Waiver, day: int = 0) -> Finding:
    return excused(found, waivers, UNHANDLED, TODAY + day * DAY)


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        ({}, True),
        ({"rule": "tls_*"}, True),
        ({"rule": "*"}, True),
        ({"rule": "dns_*"}, False),
        ({"target": FOUND.key.target}, True),
        ({"target": "*" + FOUND.key.target[3:]}, True),
        ({"target": "*.elsewhere.example"}, False),
        ({"agency": "edu"}, True),
        ({"agency": "health"}, False),
        ({"subject": "https/443/ipv6/*"}, True),
        ({"subject": "https/443/ipv4/*"}, False),
        ({"subject": "https/443"}, False),
    ],
)
def test_a_waiver_covers_what_its_patterns_mean(scope: dict[str, str], *, covered: bool) -> None:
    assert judged(FOUND, waiver(**scope)).waived is covered


def test_it_lapses_when_the_value_it_first_met_changes_and_is_renewed_only_by_a_later_grant() -> None:
    met = judged(FOUND, waiver())
    changed = judged(dataclasses.replace(met, value="b"), waiver())
    still = judged(changed, waiver(), day=1)
    back = judged(dataclasses.replace(still, value="a"), waiver(), day=2)
    renewed = judged(still, waiver(granted=TODAY + DAY), day=2)
    assert [each.waived for each in (met, changed, still, back, renewed)] == [True, False, False, True, True]


def test_it_is_tied_to_no_value_before_the_finding_is_open() -> None:
    pending = judged(dataclasses.replace(FOUND, state=State.PENDING), waiver())
    opened = judged(dataclasses.replace(pending, state=State.OPEN, value="b"), waiver())
    assert (pending.waived, pending.excused, opened.waived) == (True, "", True)


def test_it_ends_on_its_day() -> None:
    assert [judged(FOUND, waiver(), day=day).waived for day in (0, 30, 31)] == [True, True, False]


def test_a_finding_that_no_waiver_is_meant_for_remembers_none() -> None:
    assert judged(judged(FOUND, waiver())) == FOUND


TEXT = st.text(alphabet="ab*./", max_size=8)


@given(TEXT, st.text(alphabet="ab./", max_size=8))
def test_a_star_stands_for_any_text_and_nothing_else_does(pattern: str, text: str) -> None:
    def slow(pattern: str, text: str) -> bool:
        if not pattern:
            return not text
        if pattern[0] == "*":
            return slow(pattern[1:], text) or (bool(text) and slow(pattern, text[1:]))
        return text[:1] == pattern[0] and slow(pattern[1:], text[1:])

    assert alike(pattern, text) is (not pattern or slow(pattern, text))


def test_a_key_is_known_by_a_short_name_of_its_own() -> None:
    keys = [Key("r", "t", "s"), Key("rt", "", "s"), Key("r", "ts", "")]
    assert len({key.id for key in keys}) == 3
    assert all(len(key.id) == 10 for key in keys)

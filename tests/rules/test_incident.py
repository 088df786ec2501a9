import dataclasses
import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from rules.finding import Finding, Key, State
from rules.incident import WINDOW, Cause, CauseKind, Incident, incidents
from tests.rules.judgement import NOW, finding

HOUR = dt.timedelta(hours=1)
SERVER = Cause(CauseKind.NAME_SERVER, "ns1.example")
PREFIX = Cause(CauseKind.PREFIX, "192.0.2.0/24")
VANTAGE = Cause(CauseKind.VANTAGE, "tower")
HOSTS = [f"h{number}" for number in range(10)]
LONG_AGO = dict.fromkeys(HOSTS, NOW - 100 * HOUR)


def broken(host: str, hours: float = 0, rule: str = "rule", **changes: object) -> Finding:
    base = dataclasses.replace(finding(rule), key=Key(rule, host, ""), first_seen=NOW + hours * HOUR)
    return dataclasses.replace(base, **changes)  # type: ignore[arg-type]


def shared(cause: Cause, hosts: list[str], everyone: list[str] | None = None) -> dict[str, frozenset[Cause]]:
    return {host: frozenset({cause} if host in hosts else ()) for host in everyone or HOSTS}


def found(findings: list[Finding], causes: dict[str, frozenset[Cause]]) -> list[Incident]:
    return list(incidents(findings, causes, LONG_AGO))


def test_what_shares_a_name_server_and_breaks_together_is_one_incident() -> None:
    (incident,) = found([broken(host, index / 10) for index, host in enumerate(HOSTS[:4])], shared(SERVER, HOSTS[:4]))
    assert (incident.cause, list(incident.targets), incident.since) == (SERVER, HOSTS[:4], NOW)


def test_two_are_no_incident() -> None:
    assert found([broken(host) for host in HOSTS[:2]], shared(SERVER, HOSTS[:2])) == []


def test_what_breaks_far_apart_in_time_is_none() -> None:
    assert found([broken(host, 3 * index) for index, host in enumerate(HOSTS[:4])], shared(SERVER, HOSTS[:4])) == []


def test_different_rules_are_different_stories() -> None:
    assert found([broken(host, rule=host) for host in HOSTS[:4]], shared(SERVER, HOSTS[:4])) == []


def test_what_everybody_breaks_is_not_for_what_some_share() -> None:
    assert found([broken(host) for host in HOSTS], shared(SERVER, HOSTS[:4])) == []


def test_what_only_few_of_those_with_the_cause_break_is_not_for_it() -> None:
    assert found([broken(host) for host in HOSTS[:3]], shared(SERVER, HOSTS[:8])) == []


def test_when_everyone_breaks_at_once_it_is_where_we_look_from() -> None:
    causes = {host: frozenset({VANTAGE}) for host in HOSTS}
    assert [incident.cause for incident in found([broken(host) for host in HOSTS], causes)] == [VANTAGE]


def test_of_two_causes_that_explain_as_much_the_narrower_is_named_and_no_finding_twice() -> None:
    causes = {host: frozenset({SERVER, PREFIX} if host in HOSTS[:4] else ()) for host in HOSTS}
    assert [incident.cause for incident in found([broken(host) for host in HOSTS[:4]], causes)] == [SERVER]


def test_what_was_broken_from_the_first_look_on_tells_of_no_event() -> None:
    new = dict.fromkeys(HOSTS, NOW - WINDOW / 2)
    assert list(incidents([broken(host) for host in HOSTS[:4]], shared(SERVER, HOSTS[:4]), new)) == []


def test_the_closed_and_the_waived_are_left_out() -> None:
    gone = [broken(HOSTS[0], state=State.CLOSED), broken(HOSTS[1], waived=True)]
    assert found([*gone, broken(HOSTS[2]), broken(HOSTS[3])], shared(SERVER, HOSTS[:4])) == []


def test_an_incident_keeps_its_name_while_targets_come_and_go() -> None:
    four = found([broken(host) for host in HOSTS[:4]], shared(SERVER, HOSTS[:4]))
    three = found([broken(host) for host in HOSTS[:3]], shared(SERVER, HOSTS[:4]))
    assert four[0].id == three[0].id


@given(
    st.lists(st.tuples(st.sampled_from(HOSTS), st.floats(0, 6), st.sampled_from(["a", "b"])), max_size=25),
    st.dictionaries(st.sampled_from(HOSTS), st.sets(st.sampled_from([SERVER, PREFIX, VANTAGE])).map(frozenset)),
)
def test_no_finding_is_explained_twice(told: list[tuple[str, float, str]], causes: dict[str, frozenset[Cause]]) -> None:
    unique = {(host, rule): broken(host, hours, rule) for host, hours, rule in told}
    explained = [each.key for incident in found(list(unique.values()), causes) for each in incident.findings]
    assert len(explained) == len(set(explained))

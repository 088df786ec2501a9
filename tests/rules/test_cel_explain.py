"""Why an evaluation came out as it did: what was read, what it was, what stayed open."""

import datetime as dt
from ipaddress import ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from rules.cel import DYN, INT, STRING, UNKNOWN, Env, Explanation, ListOf, MapOf, Record, Step, UInt, compile
from rules.cel.show import show

PORT = Record("port", {"number": INT, "state": STRING})
ENV = Env(
    {
        "host": Record("host", {"name": STRING, "score": INT, "ports": ListOf(PORT), "inner": Record("i", {"x": INT})}),
        "allowed": ListOf(INT),
        "headers": MapOf(STRING, STRING),
        "data": DYN,
    }
)
FACTS = {
    "host": {
        "name": "www.kaiping.gov.cn",
        "score": 7,
        "ports": [{"number": 22, "state": "open"}, {"number": 80}, {"number": 443, "state": "closed"}],
    },
    "allowed": [80, 443],
}


def explain(text: str, facts: dict[str, object] | None = None) -> Explanation:
    return compile(text, ENV, expects=DYN).explain(FACTS if facts is None else facts)


def test_each_part_that_was_evaluated_is_told_with_its_value() -> None:
    told = explain("host.score > 3 && host.name.endsWith('.gov.cn')")
    assert told.outcome is True
    assert told.steps == (
        Step("host.score", 7),
        Step("host.score > 3", True),
        Step("host.name", "www.kaiping.gov.cn"),
        Step("host.name.endsWith('.gov.cn')", True),
    )
    assert told.reads == {"host.score", "host.name"}
    assert told.reasons == ()


def test_what_was_not_reached_is_not_told() -> None:
    told = explain("host.score < 3 && host.name == ''")
    assert [step.text for step in told.steps] == ["host.score", "host.score < 3"]
    assert told.reads == {"host.score"}


def test_of_a_macro_the_deciding_element_is_told() -> None:
    told = explain("host.ports.all(p, p.number != 443)")
    assert told.outcome is False
    assert ("p", {"number": 443, "state": "closed"}) in told.steps
    assert ("p.number", 443) in told.steps
    assert ("p.number", 22) not in told.steps
    assert told.reads == {"host.ports", "host.ports[].number"}


def test_of_a_macro_the_elements_that_left_it_open_are_told() -> None:
    told = explain("host.ports.exists(p, p.state == 'filtered')")
    assert told.outcome is UNKNOWN
    assert ("p", {"number": 80}) in told.steps
    assert ("p.state", UNKNOWN) in told.steps
    assert ("p.state", "open") not in told.steps
    assert [reason.en for reason in told.reasons] == ["p.state: no data"]
    assert [reason.zh for reason in told.reasons] == ["p.state：没有数据"]


def test_every_way_to_stay_open_has_its_reason() -> None:
    reasons = {
        "host.inner.x == 1": "host.inner.x: no data",
        "1 / (host.score - 7) == 1": "1 / (host.score - 7): division by zero",
        "allowed[2] == 1": "allowed[2]: there is no element 2 among 2",
        "headers.a == ''": "headers: no data",
        "9223372036854775807 + host.score == 1": "9223372036854775807 + host.score: int overflow",
        "int(host.name) == 1": "int(host.name): 'www.kaiping.gov.cn' is no int",
        "{'a': 1}[host.name] == 1": "{'a': 1}[host.name]: there is no key 'www.kaiping.gov.cn'",
    }
    for text, reason in reasons.items():
        told = explain(text)
        assert told.outcome is UNKNOWN, text
        assert [message.en for message in told.reasons] == [reason]
    mistyped = explain("host.score == 1", {"host": {"score": "7"}})
    assert [message.en for message in mistyped.reasons] == ["host.score: declared as int, but the data holds a str"]
    unseen = explain("host.ports.exists(p, p.number == 1)", {"host": {"ports": [UNKNOWN]}})
    assert [message.en for message in unseen.reasons] == ["host.ports: could not be looked at"]
    dynamic = explain("data + 1 == 2", {"data": "1"})
    assert [message.en for message in dynamic.reasons] == ["data + 1: + does not take string, int"]


def test_an_expression_knows_beforehand_what_it_can_read() -> None:
    reads = {
        "host.score > 3 || has(host.inner.x)": {"host.score", "host.inner.x"},
        "host.ports.filter(p, p.state == 'open').exists(q, q.number in allowed)": {
            "host.ports",
            "host.ports[].state",
            "host.ports[].number",
            "allowed",
        },
        "host.ports[host.score].number == 1": {"host.ports[].number", "host.score"},
        "(host.score > 1 ? host.ports : []).exists(p, p.number == 1)": {"host.score", "host.ports"},
        "allowed.exists(n, n == 22)": {"allowed", "allowed[]"},
        "headers.Server == headers['Server']": {"headers.Server", "headers[]"},
        "data.a[0].b == 1": {"data.a[].b"},
        "1 == 1": set(),
    }
    for text, expected in reads.items():
        assert compile(text, ENV).reads == expected, text


@given(st.integers(0, 9), st.lists(st.integers(0, 9), max_size=4))
def test_what_is_read_was_announced_and_the_answer_is_the_same(score: int, numbers: list[int]) -> None:
    facts = {"host": {"score": score, "ports": [{"number": number} for number in numbers]}, "allowed": numbers}
    for text in (
        "host.score in allowed ? host.ports.all(p, p.number > 3) : host.inner.x == 1",
        "host.ports.exists_one(p, p.number == host.score) || allowed[0] == host.score",
        "host.ports.map(p, p.number > 2, p.number * 2) == allowed.filter(n, n > 2).map(n, n * 2)",
    ):
        program = compile(text, ENV)
        told = program.explain(facts)
        assert told.outcome is program.evaluate(facts)
        assert told.reads <= program.reads


def test_a_long_story_is_cut() -> None:
    facts = {"allowed": list(range(5000))}
    assert len(explain("allowed.map(n, n + 1).size() == 1", facts).steps) <= 500


def test_values_are_shown_as_the_language_writes_them() -> None:
    value = {
        "a": [1, 2.0, UInt(3), True, None, UNKNOWN],
        "b": (dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.timedelta(minutes=1)),
        "c": [ip_address("::1"), ip_network("10.0.0.0/8"), b"\x00", 'say "碉楼"'],
    }
    assert show(value, 300) == (
        '{"a": [1, 2.0, 3u, true, null, unknown], "b": [2026-01-01T00:00:00Z, 60s], '
        '"c": [::1, 10.0.0.0/8, b\'\\x00\', "say \\"碉楼\\""]}'
    )
    assert show(UNKNOWN) == "unknown"
    assert show("a\u202eb\n") == '"a\\u202eb\\n"'


def test_a_value_of_any_size_is_shown_short() -> None:
    doubled: object = [1]
    for _ in range(90):
        doubled = [doubled, doubled]
    nested: object = []
    for _ in range(100_000):
        nested = [nested]
    for value in (doubled, nested, "x" * 10**6, list(range(10**5)), {str(n): n for n in range(10**5)}):
        text = show(value, 50)
        assert len(text) == 50
        assert text.endswith("…")

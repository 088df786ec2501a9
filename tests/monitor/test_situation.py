"""How a city is ranked: the safest first, equal ones together, and nobody of whom too little is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from exporters.posture import HostPosture, Posture
from monitor.situation import posture
from rules.agency import Agency, Tier, Tree
from rules.score import Score
from rules.text import Text
from tests.exporters.city import AT, POLICY, city

HOST = city().hosts[0]
Plan = Mapping[str, tuple[float, float]]
"""Risk and coverage of the one host of each agency."""


def _tree(codes: list[str]) -> Tree:
    agencies = [Agency("root", Text("市", "City"), Tier.COUNTY)]
    return Tree.of([*agencies, *(Agency(code, Text(code, code), Tier.TOWN, "root") for code in codes)])


def _host(code: str, risk: float, coverage: float) -> HostPosture:
    target = replace(HOST.target, host=f"www.{code}.example", agency=code)
    return replace(HOST, target=target, score=Score(target.host, risk, coverage, AT, ()))


def _drawn(plan: Plan, *further: str) -> Posture:
    tree = _tree([*plan, *further])
    return posture(AT, "root", tree, POLICY, [_host(code, *of) for code, of in plan.items()], [], [], {})


def _ranks(plan: Plan, *further: str) -> dict[str, int | None]:
    return {row.agency.code: row.rank for row in _drawn(plan, *further).agencies}


def test_the_safest_is_first_and_equal_ones_share_a_place() -> None:
    plan = {"a": (30.0, 1.0), "b": (10.0, 1.0), "c": (30.04, 1.0), "d": (50.0, 1.0)}
    assert list(_ranks(plan).items()) == [("b", 1), ("a", 2), ("c", 2), ("d", 4)]


def test_too_little_measured_is_not_ranked_and_comes_last() -> None:
    least = POLICY.minimum_coverage
    assert list(_ranks({"a": (0.0, least - 0.01), "b": (90.0, least)}).items()) == [("b", 1), ("a", None)]


def test_an_agency_without_hosts_is_not_shown() -> None:
    assert _ranks({"a": (1.0, 1.0)}, "empty") == {"a": 1}


def test_a_city_without_hosts_stands_with_nothing_known() -> None:
    drawn = _drawn({})
    assert (drawn.agencies, drawn.hosts, drawn.city.score.coverage, drawn.city.rank) == ((), (), 0.0, None)


def test_the_city_stands_for_all_below_it() -> None:
    drawn = _drawn({"a": (30.0, 1.0), "b": (10.0, 0.5)})
    assert drawn.city.hosts == 2
    assert 10.0 < drawn.city.score.risk < 30.0
    assert [host.target.agency for host in drawn.hosts] == ["a", "b"]


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 1)), min_size=1, max_size=8))
def test_a_place_is_one_more_than_those_who_are_safer(figures: list[tuple[float, float]]) -> None:
    plan = {f"a{number}": figure for number, figure in enumerate(figures)}
    drawn = _drawn(plan)
    ranked = [row for row in drawn.agencies if row.rank is not None]
    assert {row.agency.code for row in ranked} == {
        row.agency.code for row in drawn.agencies if row.score.coverage >= POLICY.minimum_coverage
    }
    for row in ranked:
        safer = sum(round(other.score.risk, 1) < round(row.score.risk, 1) for other in ranked)
        assert row.rank == safer + 1


def test_each_level_of_the_tree_is_ranked_among_its_own() -> None:
    tree = Tree.of(
        [
            Agency("root", Text("市", "City"), Tier.CITY),
            *(Agency(code, Text(code, code), Tier.COUNTY, "root") for code in ("north", "south")),
            *(Agency(f"{code}-town", Text(code, code), Tier.TOWN, code) for code in ("north", "south")),
            Agency("north-port", Text("港", "Port"), Tier.TOWN, "north"),
            Agency("north-dark", Text("暗", "Dark"), Tier.TOWN, "north"),
        ]
    )
    plan: Plan = {
        "north-town": (40.0, 1.0),
        "north-port": (20.0, 1.0),
        "north-dark": (0.0, 0.0),
        "south-town": (90.0, 1.0),
    }
    drawn = posture(AT, "root", tree, POLICY, [_host(code, *of) for code, of in plan.items()], [], [], {})
    assert {row.agency.code: row.peer_rank for row in drawn.agencies} == {
        "north": 1,
        "south": 2,
        "north-port": 1,
        "north-town": 2,
        "north-dark": None,
        "south-town": 1,
    }

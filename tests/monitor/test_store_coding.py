"""Facts as text: the same in every process, and back again."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.store.coding import Coder, Undecodable
from probes import registry
from probes.observation import SAMPLE, Facts
from tests.monitor.watching import Page, Ports


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    size: float | None


@dataclass(frozen=True, slots=True)
class Rich(Facts):
    text: str
    colour: Colour
    at: dt.datetime
    address: IPv4Address | IPv6Address
    parts: tuple[Part, ...]
    tags: frozenset[str]
    count: int | None
    sketch: tuple[int, ...] = field(metadata=SAMPLE)
    seconds: float = field(metadata=SAMPLE)


CODER = Coder({"rich": Rich, "page": Page, "ports": Ports})
texts = st.text(st.characters(exclude_categories=["Cs"]))
parts = st.builds(Part, texts, st.none() | st.floats(allow_nan=False, allow_infinity=False).map(abs))
riches = st.builds(
    Rich,
    text=texts,
    colour=st.sampled_from(Colour),
    at=st.datetimes(timezones=st.just(dt.UTC)),
    address=st.ip_addresses(),
    parts=st.lists(parts, max_size=3).map(tuple),
    tags=st.frozensets(texts, max_size=5),
    count=st.none() | st.integers(-(2**60), 2**60),
    sketch=st.lists(st.integers(0, 2**60), max_size=3).map(tuple),
    seconds=st.floats(0, 1e6),
)


@given(riches)
def test_facts_come_back_as_they_were(facts: Rich) -> None:
    encoded = CODER.encode("rich", facts)
    assert CODER.decode("rich", encoded.body, encoded.samples) == facts


@given(riches, riches)
def test_equal_values_have_equal_digests_and_others_have_not(one: Rich, other: Rich) -> None:
    def value(facts: Rich) -> tuple[object, ...]:
        return facts.text, facts.colour, facts.at, facts.address, facts.parts, facts.tags, facts.count

    same = CODER.encode("rich", one).digest == CODER.encode("rich", other).digest
    assert same == (value(one) == value(other))


def test_samples_are_no_part_of_the_digest() -> None:
    one, other = CODER.encode("page", Page(200, took=0.1)), CODER.encode("page", Page(200, took=9.9))
    assert one.digest == other.digest
    assert one.samples != other.samples


def test_facts_without_samples_store_none() -> None:
    assert CODER.encode("ports", Ports((80,))).samples is None


def test_the_same_facts_of_another_probe_are_other_facts() -> None:
    coder = Coder({"a": Ports, "b": Ports})
    assert coder.encode("a", Ports((80,))).digest != coder.encode("b", Ports((80,))).digest


def test_the_order_of_a_set_does_not_depend_on_the_process() -> None:
    code = (
        "from tests.monitor.test_store_coding import CODER, rich; "
        "print(CODER.encode('rich', rich(frozenset('abcdefgh'))).digest)"
    )
    root = str(Path(__file__).parents[2])
    digests = set()
    for seed in ("1", "2"):
        environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": root}
        ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True)
        digests.add(ended.stdout)
    assert len(digests) == 1


def rich(tags: frozenset[str]) -> Rich:
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return Rich("", Colour.RED, at, ip_address("::1"), (), tags, None, (), 0.0)


def test_only_numbers_that_flow_are_measures() -> None:
    assert CODER.measures("rich", rich(frozenset())) == {"seconds": 0.0}
    assert CODER.measures("page", Page(200)) == {}


@pytest.mark.parametrize(
    ("probe", "body"), [("gone", "{}"), ("page", "{}"), ("page", '{"status": "none"}'), ("page", "no json")]
)
def test_what_the_probes_of_today_do_not_understand_is_undecodable(probe: str, body: str) -> None:
    with pytest.raises(Undecodable):
        CODER.decode(probe, body, None)


def test_the_facts_of_every_probe_can_be_kept() -> None:
    probes = registry.load()
    assert probes
    Coder({name: probe.facts for name, probe in probes.items()})

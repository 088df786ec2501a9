from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import StrEnum
from typing import get_args, get_type_hints

import pytest

from exporters.chore import Chore
from exporters.words import WORDS, word
from probes import registry
from probes.observation import Failure, GapReason
from probes.registry import Probe
from probes.target import Family, Kind
from probes.wire.ledger import What
from rules.agency import Tier
from rules.finding import Act, State
from rules.policy import Level, Stage
from rules.text import Language
from rules.verdict import Outcome


def _parts(of: object) -> Iterator[type]:
    """Yield every dataclass and closed set that a type hint leads to."""
    for part in get_args(of):
        yield from _parts(part)
    if isinstance(of, type) and issubclass(of, StrEnum):
        yield of
    elif isinstance(of, type) and is_dataclass(of):
        yield of
        for hint in get_type_hints(of).values():
            yield from _parts(hint)


MET = {part for probe in registry.load().values() for part in _parts(probe.facts)}
IN_FACTS = sorted((part for part in MET if issubclass(part, StrEnum)), key=lambda part: part.__name__)
SETS = [What, Chore, Failure, GapReason, Family, Kind, Tier, Act, State, Level, Stage, Outcome, *IN_FACTS]


@pytest.mark.parametrize("members", SETS)
@pytest.mark.parametrize("language", list(Language))
def test_every_member_has_a_word_of_its_own(members: type[StrEnum], language: Language) -> None:
    words = [word(member, language) for member in members]
    assert all(words)
    assert len(set(words)) == len(words)


def test_chinese_is_chinese() -> None:
    spelled_alike = {"IPv4", "IPv6", "TCP", "UDP"}
    for text in WORDS.values():
        assert text.zh in spelled_alike or any("\u4e00" <= character <= "\u9fff" for character in text.zh)


@pytest.mark.parametrize("probe", registry.load().values(), ids=lambda probe: probe.name)
def test_every_field_of_facts_has_words_and_no_words_are_left_over(probe: Probe) -> None:
    parts = [part for part in _parts(probe.facts) if is_dataclass(part)]
    told = {field.name for part in parts for field in fields(part) if not field.metadata.get("sample")}
    assert probe.words.keys() == told
    assert all(zh and en for zh, en in (*probe.words.values(), probe.doing))


def test_what_was_not_measured_has_a_word() -> None:
    assert word(None, Language.ZH) == "未测得"

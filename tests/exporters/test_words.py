from enum import StrEnum

import pytest

from exporters.chore import Chore
from exporters.words import WORDS, word
from probes.observation import Failure, GapReason
from probes.target import Family, Kind
from probes.wire.ledger import What
from rules.agency import Tier
from rules.finding import Act, State
from rules.policy import Level, Stage
from rules.text import Language
from rules.verdict import Outcome

SETS = [What, Chore, Failure, GapReason, Family, Kind, Tier, Act, State, Level, Stage, Outcome]


@pytest.mark.parametrize("members", SETS)
@pytest.mark.parametrize("language", list(Language))
def test_every_member_has_a_word_of_its_own(members: type[StrEnum], language: Language) -> None:
    words = [word(member, language) for member in members]
    assert all(words)
    assert len(set(words)) == len(words)


def test_chinese_is_chinese() -> None:
    spelled_alike = {"IPv4", "IPv6"}
    for text in WORDS.values():
        assert text.zh in spelled_alike or any("\u4e00" <= character <= "\u9fff" for character in text.zh)


def test_what_was_not_measured_has_a_word() -> None:
    assert word(None, Language.ZH) == "未测得"

import dataclasses
import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from rules.deed import BEGINNING, Breach, Deed, Entry, Move, breach, sealed
from rules.finding import Key
from tests.rules.judgement import NOW

DEEDS = st.builds(
    Deed,
    move=st.sampled_from(Move),
    who=st.text(min_size=1, max_size=8),
    at=st.datetimes(timezones=st.just(dt.UTC), min_value=dt.datetime(2020, 1, 1)),
    why=st.text(max_size=20),
    keys=st.lists(st.builds(Key, st.text(max_size=4), st.text(max_size=4), st.text(max_size=4)), max_size=2).map(tuple),
    notice=st.text(max_size=4),
    to=st.text(max_size=4),
    until=st.none() | st.dates(),
    value=st.text(max_size=4),
    account=st.text(max_size=4),
)


def chain(deeds: list[Deed]) -> list[Entry]:
    entries: list[Entry] = []
    for number, deed in enumerate(deeds, start=1):
        entries.append(sealed(number, deed, entries[-1].seal if entries else BEGINNING))
    return entries


@given(st.lists(DEEDS, max_size=6))
def test_a_log_as_it_was_written_is_whole(deeds: list[Deed]) -> None:
    assert breach(chain(deeds)) is None


@given(st.lists(DEEDS, min_size=1, max_size=5), st.data())
def test_any_other_word_in_any_line_names_that_line(deeds: list[Deed], data: st.DataObject) -> None:
    entries = chain(deeds)
    place = data.draw(st.integers(0, len(entries) - 1))
    other = data.draw(DEEDS.filter(lambda deed: deed != deeds[place]))
    entries[place] = dataclasses.replace(entries[place], deed=other)
    assert breach(entries) == Breach(place + 1, missing=False)


@given(st.lists(DEEDS, min_size=2, max_size=5), st.data())
def test_a_line_that_is_gone_is_missed(deeds: list[Deed], data: st.DataObject) -> None:
    entries = chain(deeds)
    place = data.draw(st.integers(0, len(entries) - 2))
    del entries[place]
    assert breach(entries) == Breach(place + 1, missing=True)


def test_a_line_sealed_anew_breaks_the_one_after_it() -> None:
    entries = chain([Deed(Move.COMMENTED, "li", NOW, text) for text in ("one", "two", "three")])
    entries[1] = sealed(2, dataclasses.replace(entries[1].deed, why="other"), entries[1].previous)
    assert breach(entries) == Breach(3, missing=False)

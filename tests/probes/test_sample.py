"""A sample is the same whatever the order, and never larger than it may be."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from probes.sample import Sample


@dataclass(frozen=True)
class Seen:
    times: int = 1

    def merge(self, other: Seen) -> Seen:
        return Seen(self.times + other.times)


def sampled(keys: list[str], size: int) -> Sample[Seen]:
    sample: Sample[Seen] = Sample(size)
    for key in keys:
        sample.offer(key, Seen())
    return sample


KEYS = st.lists(st.text("abc", max_size=3), max_size=40)


@given(KEYS, st.integers(0, 12), st.randoms())
def test_the_order_of_what_comes_does_not_matter(keys: list[str], size: int, chance: object) -> None:
    shuffled = sorted(keys, key=lambda _: chance.random())  # type: ignore[attr-defined]
    one, other = sampled(keys, size), sampled(shuffled, size)
    assert [key for key, _ in one.items()] == [key for key, _ in other.items()]
    assert len(one) == len(other) == len(set(keys))
    assert len(list(one.items())) == min(size, len(set(keys)))
    assert all(key in one for key in keys)


@given(KEYS)
def test_what_is_known_of_one_key_grows_together(keys: list[str]) -> None:
    assert {key: seen.times for key, seen in sampled(keys, 100).items()} == {key: keys.count(key) for key in keys}

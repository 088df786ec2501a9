"""Every parser of our own ends in a word of its own: fed what is kept, and what comes of that by chance."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests.fuzz import targets
from tests.fuzz.corpus import CORPUS, kept, mutated

TARGETS = targets.load()
PER_TARGET = 400
"""Inputs made by chance, the same every time."""


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_what_is_kept_breaks_nothing(name: str) -> None:
    seeds = kept(name)
    assert seeds
    for data in seeds:
        TARGETS[name](data)


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_what_comes_of_it_by_chance_breaks_nothing(name: str) -> None:
    seeds, random = kept(name), Random(name)
    for _ in range(PER_TARGET):
        data = mutated(seeds, random)
        try:
            TARGETS[name](data)
        except Exception as defect:
            raise AssertionError(f"{name} broke on {data!r}") from defect


def test_nothing_is_kept_for_a_target_that_is_gone() -> None:
    assert {path.name for path in CORPUS.iterdir()} == TARGETS.keys()


def test_the_fuzzer_runs_and_ends(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "tests.fuzz", "packet_protocol", "--seconds", "1", "--into", str(tmp_path)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "Done" in done.stderr
    assert list(tmp_path.iterdir())

"""Whatever an operator's editor, or somebody with a grudge, does to a settings file: mistakes come out, no crash."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.settings import Mistakes
from monitor.settings.decoding import HIDDEN
from rules.text import Language
from tests.monitor.operator import FILES, Desk

ODD = st.sampled_from(
    (
        *(
            "",
            "~",
            "[]",
            "{}",
            "[[]]",
            "{a: b}",
            "- - -",
            "'",
            '"',
            "*a",
            "&a x",
            "!!x y",
            '"\\n\\e[31m"',
            "\u202e",
            "x" * 5000,
        ),
        *("-1", "0", "1e999", "nan", "99999999999999999999", "yes", "2026-13-45", "25:61-0:0"),
        *("::1", "0.0.0.0/0", "[::]:0", "ff02::1%x", "http://u:p@x", "…"),
    )
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("chaos"))


@given(
    name=st.sampled_from(sorted(FILES)),
    place=st.integers(0, 10_000),
    length=st.integers(0, 30),
    odd=ODD | st.text(max_size=20),
)
@settings(max_examples=150, deadline=None)
def test_any_damage_loads_or_is_told_in_both_languages(
    desk: Desk, name: str, place: int, length: int, odd: str
) -> None:
    text = FILES[name]
    place %= len(text)
    desk.write(name, (text[:place] + odd + text[place + length :]).encode("utf-8", "surrogatepass"))
    try:
        desk.load()
    except Mistakes as found:
        said = [mistake.render(language) for mistake in found.mistakes for language in Language]
        assert not [line for line in said if len(line) > 1024 or "\n" in line or HIDDEN.search(line)]
    finally:
        desk.write(name, text)

"""What robots.txt forbids us."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.robots import EVERYTHING_FORBIDDEN, NOTHING_FORBIDDEN, read_robots


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("", "/x", True),
        ("User-agent: *\nDisallow: /", "/x", False),
        ("User-agent: *\nDisallow:", "/x", True),
        ("User-agent: Baiduspider\nDisallow: /", "/x", True),
        ("User-agent: *\nDisallow: /\nUser-agent: Diaolou\nAllow: /", "/x", True),
        ("User-agent: diaolou # us\nUser-agent: b\nDisallow: /p", "/p/q", False),
        ("User-agent: *\nDisallow: /p\nAllow: /p/open", "/p/open/1", True),
        ("User-agent: *\nAllow: /p\nDisallow: /p", "/p", True),
        ("User-agent: *\nDisallow: /*.pdf$", "/a/b.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/a/b.pdf?x", True),
        ("User-agent: *\nDisallow: /a*b*c", "/a-b-c-d", False),
        ("User-agent: *\nDisallow: /*?sid=", "/list?sid=1", False),
        ("\ufeffUser-agent: *\r\nDisallow: /公开", "/%E5%85%AC%E5%BC%80/1", False),
        ("User-agent: *\nCrawl-delay: 5\nSitemap: /s\nDisallow: /x", "/x", False),
        ("Disallow: /", "/x", True),
    ],
)
def test_the_longest_rule_that_is_ours_decides(text: str, path: str, allowed: bool) -> None:
    assert read_robots(text.encode()).allows(path) is allowed


def test_nothing_and_everything_can_be_forbidden() -> None:
    assert NOTHING_FORBIDDEN.allows("/")
    assert not EVERYTHING_FORBIDDEN.allows("/")


@given(st.binary(max_size=400), st.text(max_size=60))
def test_any_bytes_are_rules(body: bytes, path: str) -> None:
    assert read_robots(body).allows(f"/{path}") in (True, False)


def test_patterns_full_of_stars_take_no_time() -> None:
    robots = read_robots(b"User-agent: *\n" + b"Disallow: /" + b"*a" * 250 + b"b$\n" * 1000)
    began = time.thread_time()
    assert robots.allows("/" + "a" * 2000)
    assert time.thread_time() - began < 1.0

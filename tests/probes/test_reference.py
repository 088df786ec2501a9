"""Reading what a page refers to, whoever wrote it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.reference import REFERENCE_LIMIT, SECONDS, Use, read_references, read_style

URL = "http://www.gov.test/a/b"


def found(page: str | bytes, content_type: str = "text/html; charset=utf-8") -> list[tuple[str, str]]:
    body = page.encode() if isinstance(page, str) else page
    return [(str(each.use), each.there.url) for each in read_references(body, content_type, URL).references]


def at_a(*words: str) -> list[tuple[str, str]]:
    return [(use, f"http://www.gov.test/a/{name}") for use, name in (word.split() for word in words)]


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ('<a href="c">x</a><area href=/d>', [("link", "http://www.gov.test/a/c"), ("link", "http://www.gov.test/d")]),
        ("<a href=' c\n d#top '>", [("link", "http://www.gov.test/a/c%20d")]),
        ('<base href="//x.test/y/"><base href="/z/"><a href=w>', [("link", "http://x.test/y/w")]),
        ('<meta http-equiv=Refresh content="0; url=\'n\'">', [("refresh", "http://www.gov.test/a/n")]),
        ("<iframe src=f></iframe><form action=g>", [("frame", "http://www.gov.test/a/f"), ("form", "http://www.gov.test/a/g")]),
        ("<script src=s></script>", [("script", "http://www.gov.test/a/s")]),
        ("<link rel='Shortcut ICON' href=i><link rel=canonical href=no>", [("image", "http://www.gov.test/a/i")]),
        ("<link rel=preload as=font href=f>", [("font", "http://www.gov.test/a/f")]),
        ("<img src=a srcset='b 1x, c,d 2x,e'>", at_a("image a", "image b", "image c,d", "image e")),
        ("<video src=v poster=p><object data=o>", at_a("media v", "image p", "media o")),
        ("<p style='background:url(x)'><td background=y>", [("image", "http://www.gov.test/a/x"), ("image", "http://www.gov.test/a/y")]),
        ("<style>@import 'i'; @font-face{src:url(f.woff2?1)}", [("style", "http://www.gov.test/a/i"), ("font", "http://www.gov.test/a/f.woff2?1")]),
        ("<script>x='https:\\/\\/api.test:8443\\/v'</script>", [("mention", "https://api.test:8443")]),
        ("<a href=mailto:A@Mail.Test?subject=x>", [("mail", "mailto:A@Mail.Test?subject=x")]),
        ("<a href=javascript:x()><a href='#y'><a href=data:,z><a href='http://['><a href=ftp://f/>", []),
        ("<!-- <a href=c> --><textarea><a href=d></textarea>", []),
        ("<A HREF=c><a href=c>", [("link", "http://www.gov.test/a/c")]),
    ],
)  # fmt: skip
def test_whatever_a_page_refers_to_is_read_as_a_browser_reads_it(page: str, expected: list[tuple[str, str]]) -> None:
    assert found(page) == expected


@pytest.mark.parametrize("codec", ["gb18030", "utf-16", "utf-8"])
def test_the_charset_of_a_page_does_not_hide_its_links(codec: str) -> None:
    page = '<html><head><meta charset="gb2312"></head><a href="/政务?q=开平">政务公开</a>'
    told = {"gb18030": "%BF%AA%C6%BD", "utf-8": "%E5%BC%80%E5%B9%B3"}
    content_type = "text/html; charset=utf-8" if codec == "utf-8" else "text/html"
    (link,) = found(page.encode(codec), content_type)
    assert link == ("link", f"http://www.gov.test/政务?q={told.get(codec, told['utf-8'])}"), "a query in its charset"


def test_a_style_sheet_is_read_for_what_it_loads() -> None:
    sheet = b"/* url(no) */ @import url(a.css); b { src: url( 'c.ttf' ) } d { background: url(data:x) url(#y) url(z) }"
    read = read_style(sheet, "text/css", "http://x.test/css/m.css")
    assert [(each.use, each.there.path) for each in read.references] == [
        (Use.STYLE, "/css/a.css"),
        (Use.FONT, "/css/c.ttf"),
        (Use.IMAGE, "/css/z"),
    ]


N = 1_000_000
ATTACKS = {
    "nested": "<b>" * (N // 3),
    "unclosed": "<div>" * (N // 14) + "</span></a>" * (N // 14),
    "tables": "<table><a href=/1>" * (N // 18),
    "attributes": "<a " + " ".join(f"a{number}=1" for number in range(N // 9)) + ">",
    "quotes": '<a href="' * (N // 9),
    "comments": "<!--" * (N // 4),
    "srcset": '<img srcset="' + "a 1x," * (N // 6) + '">',
    "styles": "<style>" + 'url("' * (N // 5),
    "imports": "<style>" + ("@import" + " " * 64) * (N // 71),
    "mentions": "<script>" + "https://a" * (N // 9),
    "links": "".join(f"<a href=/{number}>" for number in range(50_000)),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_hostile_page_takes_no_more_than_its_time(attack: str) -> None:
    body = ATTACKS[attack].encode()
    began = time.thread_time()
    read = read_references(body, "text/html; charset=utf-8", URL)
    assert time.thread_time() - began < 4 * SECONDS
    assert len(read.references) <= REFERENCE_LIMIT


def test_a_page_with_too_many_links_says_that_it_was_not_read_to_the_end() -> None:
    read = read_references(ATTACKS["links"].encode(), "", URL)
    assert (len(read.references), read.whole) == (REFERENCE_LIMIT, False)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: f"<a href='{text}'><style>{text}".encode()))
def test_any_bytes_are_a_page(body: bytes) -> None:
    for reference in read_references(body, "text/html", URL).references:
        assert reference.there.scheme in ("http", "https", "mailto")
        assert reference.there.host

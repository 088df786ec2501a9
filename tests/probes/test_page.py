"""A page is read in bounded time, whatever is in it, and Chinese pages are read as their readers see them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.charset import decode
from probes.page import TEXT_LIMIT, Page, read_page


def page(body: str) -> Page:
    return read_page(body.encode(), "text/html; charset=utf-8")


@pytest.mark.parametrize(
    ("body", "content_type", "charset"),
    [
        ("<title>开平市人民政府</title>".encode("gb18030"), "text/html; charset=gb2312", "gb18030"),
        ("<title>开平市人民政府</title>".encode("utf-16"), "text/html", "utf-16-le"),
        (b"\xfe\xff" + "<title>开平市人民政府</title>".encode("utf-16-be"), "", "utf-16-be"),
        ("\ufeff<title>开平市人民政府</title>".encode(), "text/html; charset=gbk", "utf-8"),
        ('<meta charset="GBK"><title>开平市人民政府</title>'.encode("gbk"), "text/html", "gb18030"),
        ("<title>开平市人民政府</title>".encode("gbk"), "text/html", "gb18030"),
        ("<title>开平市人民政府</title>".encode(), "", "utf-8"),
        ("<title>开平市人民政府</title>".encode(), "text/html; charset=no-such", "utf-8"),
        ("<title>开平市人民政府</title>".encode(), "text/html; charset=unicode_escape", "utf-8"),
        ('<meta charset="utf-16"><title>开平市人民政府</title>'.encode(), "", "utf-8"),
        ("<title>开平市人民政府</title>".encode("big5hkscs", "replace"), "text/html; charset=Big5", "big5hkscs"),
    ],
)
def test_the_charset_is_found(body: bytes, content_type: str, charset: str) -> None:
    read = read_page(body, content_type)
    assert read.charset == charset
    assert charset == "big5hkscs" or read.title == "开平市人民政府"


def test_a_gb18030_character_beyond_gb2312_survives_the_wrong_label() -> None:
    assert read_page("<title>㙱𠀀镕</title>".encode("gb18030"), "text/html;charset=GB2312").title == "㙱𠀀镕"


def test_a_body_cut_within_a_character_keeps_its_charset() -> None:
    assert decode("开平".encode()[:-1])[1] == "utf-8"
    assert decode("开平市".encode("gbk")[:-1])[1] == "gb18030"


def test_invalid_bytes_become_replacement_characters() -> None:
    read = read_page(b"<title>\xff\xfe\xc3\x28</title>", "text/html; charset=utf-8")
    assert read.title == "\ufffd\ufffd\ufffd("


@given(st.binary(max_size=400), st.text(max_size=60))
def test_any_bytes_are_a_page(body: bytes, content_type: str) -> None:
    read = read_page(body, content_type)
    assert not any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in read.title + read.refresh)


@given(
    st.lists(st.sampled_from(["<", ">", "</", "<!--", "-->", "<script", "<title>", "<meta ", '"', "=", "a", "&", ";"]))
)
def test_any_markup_is_a_page(parts: list[str]) -> None:
    assert isinstance(page("".join(parts)), Page)


@pytest.mark.parametrize(
    "body",
    [
        "<title>" + "t" * 5_000_000,
        "<div>" * 300_000,
        "<" * 4_000_000,
        "<a " * 1_000_000,
        "<!--" * 1_000_000,
        "<script>" * 500_000,
        "</title" * 500_000,
        "&" * 2_000_000,
        "&#" * 1_000_000,
        "&notanentity" * 100_000,
        "<meta content=" + '"' * 4_000_000,
        "<meta" + " " * 4_000_000,
        "<meta content" * 300_000,
        '<meta http-equiv=refresh content="' + " " * 4_000_000,
    ],
    ids=lambda body: body[:14].strip(),
)
def test_no_page_takes_long(body: str) -> None:
    began = time.process_time()
    read = page(body)
    assert time.process_time() - began < 3.0
    assert len(read.title.encode()) <= 1024
    assert len(read.text) <= TEXT_LIMIT + 1


def test_the_title_is_one_clean_line() -> None:
    assert page("<head>\n<TITLE lang=zh>\n 开平市 &amp; \t 镇\n</TITLE>").title == "开平市 & 镇"
    assert page("<title>\x1b]0;owned\x07\x1b[2Jx</title>").title == r"\x1b]0;owned\x07\x1b[2Jx"
    assert page("<title>safe\u202egnp.exe\u200b</title>").title == r"safe\u202egnp.exe\u200b"
    assert page("<title>a\0b</title>").title == r"a\x00b"
    assert page("<title>&lt;img src=x&gt;</title>").title == "<img src=x>"
    assert page("<title>&#27;[2J</title>").title == "[2J"


def test_the_first_title_counts_and_none_is_empty() -> None:
    assert page("<title>one</title><svg><title>two</title></svg>").title == "one"
    assert page("<p>no title").title == ""


def test_visible_text_leaves_out_what_nobody_sees() -> None:
    body = "<style>p{}</style><p>开平</p><script>if (a<b) x('<p>')</script><!-- <p>no</p> -->5 < 6<br>楼&nbsp;1"
    assert page(body).text == "开平 5 < 6 楼 1"


@pytest.mark.parametrize(
    ("meta", "goal"),
    [
        ('<meta http-equiv="refresh" content="0;url=http://127.0.0.1/">', "http://127.0.0.1/"),
        ("<META HTTP-EQUIV=Refresh CONTENT='5; URL=/index.html'>", "/index.html"),
        ('<meta content="0;url=\'/x\'" http-equiv="refresh">', "/x"),
        ('<meta http-equiv="refresh" content="30">', ""),
        ('<meta http-equiv="content-type" content="text/html; url=/x">', ""),
        ('<meta http-equiv="refresh" content="0;url=/\x1b[2J">', r"/\x1b[2J"),
    ],
)
def test_a_refresh_is_reported(meta: str, goal: str) -> None:
    assert page(meta).refresh == goal


def test_entities_of_a_document_type_are_not_expanded() -> None:
    body = '<!DOCTYPE z [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;">]><z>&b;</z>'
    assert len(page(body).text) < 60

"""Pages are read as what they are: by their mark, their label, or what their bytes can only be."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.charset import PRESCAN, decode

PAGE = "<html><head><title>开平市人民政府 㐀</title></head><body>政务公开、办事服务、互动交流</body></html>"
MARKS = {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}


@pytest.mark.parametrize("name", sorted(MARKS))
def test_a_byte_order_mark_decides_over_every_label(name: str) -> None:
    body = MARKS[name] + PAGE.encode(name)
    assert decode(body, "text/html; charset=gb2312") == (PAGE, name)


@pytest.mark.parametrize("name", ["utf-8", "gb18030", "utf-16-le", "utf-16-be"])
def test_a_page_without_mark_and_label_is_read_as_what_it_can_only_be(name: str) -> None:
    assert decode(PAGE.encode(name)) == (PAGE, name)


@pytest.mark.parametrize("label", ["gb2312", "GBK", "gb18030", "x-gbk", "GB_2312-80"])
def test_every_name_of_the_national_standard_means_all_of_it(label: str) -> None:
    body = PAGE.encode("gb18030")
    assert decode(body, f"text/html;charset={label}") == (PAGE, "gb18030")
    for told in (f'<meta charset="{label}">', f"<meta http-equiv=x content='text/html; charset={label}'>"):
        assert decode(told.encode() + body) == (told + PAGE, "gb18030")
    declared = f'<?xml version="1.0" encoding="{label}"?>'
    assert decode(declared.encode() + body) == (declared + PAGE, "gb18030")


def test_a_label_of_the_header_goes_before_one_of_the_page() -> None:
    body = b"<meta charset=gbk>" + PAGE.encode()
    assert decode(body, "text/html; charset=utf-8")[1] == "utf-8"


def test_a_page_that_can_be_read_for_its_label_is_not_in_utf_16_whatever_the_label_says() -> None:
    body = b"<meta charset=utf-16>" + PAGE.encode()
    assert decode(body) == (body.decode(), "utf-8")


@pytest.mark.parametrize("label", ["", "no-such-charset", "base64", "rot13", "utf-7", "x" * 100])
def test_a_label_nobody_knows_is_none(label: str) -> None:
    assert decode(PAGE.encode("gb18030"), f"text/html; charset={label}") == (PAGE, "gb18030")


@pytest.mark.parametrize("body", [b"", b"\0", bytes(100), b"\0a" * 3, bytes(range(256)), b"a\0b" + bytes(50)])
def test_zeros_alone_make_no_utf_16(body: bytes) -> None:
    assert not decode(body)[1].startswith("utf-16")


@pytest.mark.parametrize("name", ["utf-8", "gb18030", "utf-16-le", "utf-16-be"])
def test_a_page_cut_in_a_character_is_no_less_what_it_is(name: str) -> None:
    body = PAGE.encode(name)
    for end in range(PRESCAN // 20, len(body)):
        assert decode(body[:end])[1] == name


@given(st.binary(max_size=400), st.text(max_size=40))
def test_any_bytes_under_any_label_are_some_text(body: bytes, label: str) -> None:
    text, name = decode(body, f"text/html; charset={label}")
    assert isinstance(text, str)
    assert codecs.lookup(name)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200))
def test_utf_8_is_never_taken_for_anything_else_without_zeros(text: str) -> None:
    plain = text.replace("\0", "").lstrip("\ufeff")
    assert decode(plain.encode(), "text/html; charset=utf-8") == (plain, "utf-8")

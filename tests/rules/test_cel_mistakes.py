"""Mistakes are found when an expression is loaded, where they are, with a cure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.cel import BOOL, DOUBLE, DYN, INT, IP, STRING, UINT, CelError, Env, ListOf, MapOf, Record, compile

DNS = Record("dns_address", {"rcode": STRING, "aaaa": ListOf(IP), "ttl": INT, "seconds": DOUBLE})
ENV = Env({"dns": DNS, "host": STRING, "ports": ListOf(INT), "headers": MapOf(STRING, STRING), "data": DYN, "u": UINT})

SYNTAX = [
    ("", 1, 1, "expected a value, but the expression ends here"),
    ("1 +", 1, 4, "expected a value, but the expression ends here"),
    ("1 2", 1, 3, "expected an operator or the end, found 2"),
    ("(1", 1, 3, "expected ')'"),
    ("[1 2]", 1, 4, "expected ']'"),
    ("{'a' 1}", 1, 6, "expected ':'"),
    ("host = 'a'", 1, 6, "equality is written =="),
    ("true & false", 1, 6, "'and' is written &&"),
    ("true | false", 1, 6, "'or' is written ||"),
    ("host == 'a", 1, 9, "this string is not closed"),
    ("host == 'a\nb'", 1, 9, "this string is not closed"),
    ("host == '\\q'", 1, 10, "unknown escape"),
    ("host == '\\ud800'", 1, 10, "no Unicode character"),
    ("b'\\u0041' == b''", 1, 3, "bytes have no \\u escapes"),
    ("9223372036854775808 == 1", 1, 1, "does not fit into 64 bits"),
    ("1 == -9223372036854775809", 1, 7, "does not fit into 64 bits"),
    ("18446744073709551616u == 1u", 1, 1, "does not fit into 64 bits"),
    ("1e999 > 1.0", 1, 1, "too large for a double"),
    ("for == 1", 1, 1, "for is a reserved word"),
    ("dns.in == 1", 1, 5, "expected a field or function name"),
    ("size(host,)", 1, 11, "expected another argument"),
    ("dns{rcode: 'a'}", 1, 4, "messages cannot be built here"),
    ("host == 'a' &&\n  dns.rcode ==", 2, 15, "expected a value, but the expression ends here"),
    ("host == '碉楼' && $", 1, 17, "unexpected character"),
    ("1 < 2 ? 3", 1, 10, "expected ':'"),
]

NAMES = [
    ("hots == 'a'", 1, 1, 'unknown name "hots"; did you mean "host"?'),
    ("dns.rcod == 'NOERROR'", 1, 5, 'dns_address has no field "rcod"; did you mean "rcode"?'),
    ("has(dns.aaa)", 1, 9, 'did you mean "aaaa"?'),
    ("ports.exists(p, q == 1)", 1, 17, 'unknown name "q"'),
    ("host.startWith('a')", 1, 6, 'unknown function "startWith"; did you mean "startsWith"?'),
    ("startsWith(host, 'a')", 1, 1, "write x.startsWith()"),
    ("host.ip() == dns.aaaa[0]", 1, 6, "ip does not take (string); there is cidr.ip()"),
    ("dns.aaaa.timestamp() == 1", 1, 10, "write timestamp(x)"),
    ("sets.contain([1], [1])", 1, 6, 'unknown function "sets.contain"; did you mean "sets.contains"?'),
    ("host.length == 3", 1, 6, 'string has no field "length"'),
]

TYPES = [
    ("host", 1, 1, "the expression is of type string, but bool is wanted"),
    ("host && true", 1, 1, "expected a bool, found string"),
    ("true ||\n host", 2, 2, "expected a bool, found string"),
    ("!host", 1, 1, "! does not take string"),
    ("-host == ''", 1, 1, "- does not take string"),
    ("-u == u", 1, 1, "- does not take uint"),
    ("host == 1", 1, 6, "string and int cannot be compared"),
    ("host == null", 1, 6, "a fact is never null: ask has(x.field)"),
    ("host < 1", 1, 6, "< does not take string, int"),
    ("dns.seconds + 1 > 2.0", 1, 13, "+ does not take double, int; convert one of them"),
    ("ports[0] + 1u == 2u", 1, 10, "convert one of them"),
    ("ports == ['a']", 1, 7, "list(int) and list(string) cannot be compared"),
    ("dns == ports", 1, 5, "dns_address and list(int) cannot be compared"),
    ("'a' in ports", 1, 5, "string cannot be in list(int)"),
    ("1 in headers", 1, 3, "int cannot be in map(string, string)"),
    ("'a' in host", 1, 5, "write text.contains(part)"),
    ("ports['a'] == 1", 1, 7, "list(int) cannot be indexed with string"),
    ("headers[1] == ''", 1, 9, "map(string, string) cannot be indexed with int"),
    ("dns['rcode'] == ''", 1, 5, "dns_address cannot be indexed with string"),
    ("has(dns)", 1, 5, "has() takes a field"),
    ("true ? 1 : 'a'", 1, 12, "both results of ?: must have one type"),
    ("(true ? 1 : 1.0) == 1", 1, 13, "convert one of them"),
    ("host.exists(c, c == 'a')", 1, 6, "exists needs a list or a map, found string"),
    ("dns.exists(c, true)", 1, 5, "exists needs a list or a map, found dns_address"),
    ("ports.exists(p)", 1, 7, "exists takes a name and a condition"),
    ("ports.all(1, true)", 1, 11, "the first argument of all names the element"),
    ("ports.all(p, p)", 1, 14, "expected a bool, found int"),
    ("ports.map(p, p, p) == ports", 1, 14, "expected a bool, found int"),
    ("size(1) == 1", 1, 1, "size does not take (int); there is size(string)"),
    ("host.contains(1)", 1, 6, "contains does not take (string, int); there is string.contains(string)"),
    ("{[1]: 2} == {}", 1, 2, "list(int) cannot be a map key"),
    ("ip(dns.aaaa[0]) == dns.aaaa[0]", 1, 1, "ip does not take (ip)"),
]


@pytest.mark.parametrize(("text", "line", "column", "message"), SYNTAX + NAMES + TYPES)
def test_a_mistake_is_named_with_its_place(text: str, line: int, column: int, message: str) -> None:
    with pytest.raises(CelError) as caught:
        compile(text, ENV)
    error = caught.value
    assert message in error.message
    assert (error.line, error.column) == (line, column)
    assert str(error) == f"{line}:{column}: {error.message}"


@pytest.mark.parametrize(("text", "line", "column", "message"), SYNTAX + NAMES + TYPES)
def test_a_mistake_is_named_in_chinese_too(text: str, line: int, column: int, message: str) -> None:
    with pytest.raises(CelError) as caught:
        compile(text, ENV)
    assert any("\u4e00" <= character <= "\u9fff" for character in caught.value.text.zh)


@pytest.mark.parametrize(
    "text",
    [
        "dns.ttl > 1.5",
        "dns.ttl == 1.0",
        "1u in ports",
        "ports == []",
        "[] == ports",
        "(dns.ttl > 1 ? ports : []) == [1]",
        "data.anything.at[0].all > 3",
        "data",
        "data == 1 && data == 'a'",
        "data.exists(x, x.name == host)",
        "size(data) > 1 || data.size() > 2",
        "headers.Server == headers['Server']",
        "[1, 'a', dns.ttl].exists(x, x == 1)",
        "dns == dns",
        "data == null",
    ],
)
def test_what_makes_sense_is_well_typed(text: str) -> None:
    assert compile(text, ENV).type in (BOOL, DYN)


def test_the_wanted_type_may_be_any() -> None:
    assert compile("ports.map(p, p * 2)", ENV, expects=ListOf(INT)).type == ListOf(INT)
    assert compile("host + '!'", ENV, expects=STRING).type == STRING
    assert compile("dns.aaaa", ENV, expects=DYN).type == ListOf(IP)
    with pytest.raises(CelError, match=r"of type list\(int\), but list\(string\) is wanted"):
        compile("ports", ENV, expects=ListOf(STRING))


@pytest.mark.parametrize("name", ["", "a b", "true", "in", "for", "a.b", "机构"])
def test_a_variable_has_a_name_that_can_be_written(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name of a variable"):
        Env({name: INT})


WORDS = """dns . rcode aaaa ports host data headers ( ) [ ] { } , : ? && || ! == != < <= > >= in + - * / % 1 2u 1.5 'a'
"b" b"c" r"d" true false null has( .exists(x, .all(x, .map(x, .filter(x, x .size() size( ip( cidr( .matches( '['
timestamp( duration( '1h' .contains( type( dyn( // ` 0x 1e9 ''' \\"""
FRAGMENTS = st.lists(st.sampled_from([*WORDS.split(), "\n"]), max_size=25).map(" ".join)


def _place_of_mistake(text: str) -> tuple[int, int]:
    try:
        compile(text, ENV, expects=DYN).evaluate({})
    except CelError as error:
        return error.line, error.column
    return 1, 1


@given(st.one_of(st.text(), FRAGMENTS, st.text("()[]{}.,?:!-+*/%<>=&|'\"`\\rbu0x1ea \n", max_size=60)))
def test_whatever_the_text_only_a_cel_error_comes_out_and_it_names_a_place(text: str) -> None:
    line, column = _place_of_mistake(text)
    lines = text.split("\n")
    assert 1 <= line <= len(lines)
    assert 1 <= column <= len(lines[line - 1]) + 1

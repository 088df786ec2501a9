"""From text to tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from rules.cel.errors import Source
from rules.cel.literals import number, quoted

KEYWORDS = frozenset({"true", "false", "null", "in"})
"""Words that are no names, not even of fields."""

RESERVED = KEYWORDS | frozenset(
    {"as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package"}
    | {"namespace", "return", "var", "void", "while"}
)
"""Words that are no names of variables."""


class TokenKind(StrEnum):
    """What a token is."""

    VALUE = "value"
    NAME = "name"
    OPERATOR = "operator"
    ESCAPED = "escaped"
    """A field name in backquotes; *text* has none of them."""

    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """One word of the expression; *value* is set for literals, *text* is a name or an operator."""

    kind: TokenKind
    text: str
    value: object
    start: int
    end: int


_TOKEN = re.compile(
    r"""
    (?P<space> [ \t\r\n\f]+ | //[^\n]* )
  | (?P<number> 0[xX][0-9a-fA-F]+[uU]? | [0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)? | [0-9]+[eE][+-]?[0-9]+ | [0-9]+[uU]? )
  | (?P<raw> (?:[rR][bB]?|[bB][rR]) (?: \"\"\".*?\"\"\" | '''.*?''' | "[^"\r\n]*" | '[^'\r\n]*' ) )
  | (?P<quoted> [bB]? (?:
        \"\"\"(?:[^\\]|\\.)*?\"\"\" | '''(?:[^\\]|\\.)*?'''
      | "(?:[^"\\\r\n]|\\[^\r\n])*" | '(?:[^'\\\r\n]|\\[^\r\n])*' ) )
  | (?P<name> [_a-zA-Z][_a-zA-Z0-9]* )
  | ` (?P<escaped> [-_a-zA-Z0-9./ ]+ ) `
  | (?P<operator> && | \|\| | == | != | <= | >= | [-+*/%!<>?:.,()\[\]{}] )
    """,
    re.VERBOSE | re.DOTALL,
)


def tokens(source: Source) -> list[Token]:
    """Return the tokens of an expression, the last of them END.

    Raises:
        CelError: there is a character or a literal that the language does not have.
    """
    text, at, found = source.text, 0, list[Token]()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _stray(source, at)
        at = match.end()
        if match.lastgroup != "space":
            found.append(_token(source, match))
    found.append(Token(TokenKind.END, "", None, len(text), len(text)))
    return found


def _token(source: Source, match: re.Match[str]) -> Token:
    text, start, end = match.group(), match.start(), match.end()
    match match.lastgroup:
        case "number":
            return Token(TokenKind.VALUE, text, number(source, text, start), start, end)
        case "raw" | "quoted":
            return Token(TokenKind.VALUE, text, quoted(source, text, start), start, end)
        case "name":
            return Token(TokenKind.NAME, text, None, start, end)
        case "escaped":
            return Token(TokenKind.ESCAPED, match["escaped"], None, start, end)
    return Token(TokenKind.OPERATOR, text, None, start, end)


def _stray(source: Source, at: int) -> Exception:
    character = source.text[at]
    if character in "\"'":
        return source.error(at, "this string is not closed", "字符串没有结束引号")
    hint, hint_zh = {
        "=": (": equality is written ==", "，判断相等应写作 =="),
        "&": (": 'and' is written &&", "，“并且”应写作 &&"),
        "|": (": 'or' is written ||", "，“或者”应写作 ||"),
    }.get(character, ("", ""))
    return source.error(at, f"unexpected character {character!r}{hint}", f"意外的字符 {character!r}{hint_zh}")

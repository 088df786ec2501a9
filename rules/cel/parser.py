"""From tokens to the tree as it was written (the grammar of the language definition, by precedence climbing)."""

from __future__ import annotations

from dataclasses import replace

from rules.cel import syntax
from rules.cel.errors import CelError, Source
from rules.cel.lexer import KEYWORDS, RESERVED, Token, TokenKind, tokens
from rules.cel.literals import Magnitude
from rules.cel.syntax import Node

MAX_LENGTH = 16 * 1024
"""Characters an expression may have."""

MAX_DEPTH = 100
"""Levels a tree may have, brackets counted."""

_CONSTANTS = {"true": True, "false": False, "null": None}
_LEVEL = {
    "||": 1,
    "&&": 2,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in"), 3),
    **dict.fromkeys("+-", 4),
    **dict.fromkeys("*/%", 5),
}
_LOGIC = ("||", "&&")


def parse(source: Source) -> Node:
    """Return the tree of an expression.

    Raises:
        CelError: the text is no expression, or is longer or nested deeper than allowed.
    """
    if len(source.text) > MAX_LENGTH:
        length = len(source.text)
        raise source.error(
            0,
            f"the expression has {length} characters; at most {MAX_LENGTH} are allowed",
            f"表达式有 {length} 个字符，最多允许 {MAX_LENGTH} 个",
        )
    parser = _Parser(source)
    tree = parser.expression(1)
    parser.expect_end()
    _limit_depth(source, tree)
    return tree


def _limit_depth(source: Source, tree: Node) -> None:
    """Refuse long chains such as 1+1+1+..., whose trees are deep though nothing in the text is nested."""
    level = [tree]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in syntax.children(node)]
    if level:
        raise _too_deep(source, level[0].start)


def _too_deep(source: Source, at: int) -> CelError:
    return source.error(
        at, f"the expression is nested more than {MAX_DEPTH} levels deep", f"表达式嵌套超过 {MAX_DEPTH} 层"
    )


class _Parser:
    """A reading position in the tokens of one expression."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._tokens = tokens(source)
        self._position = 0

    @property
    def _token(self) -> Token:
        return self._tokens[self._position]

    def _next(self) -> Token:
        token = self._tokens[self._position]
        self._position += 1
        return token

    def _at(self, *texts: str) -> bool:
        token = self._token
        return token.kind is TokenKind.OPERATOR and token.text in texts

    def _accept(self, text: str) -> bool:
        found = self._at(text)
        if found:
            self._position += 1
        return found

    def _expect(self, text: str) -> Token:
        if not self._at(text):
            raise self._unexpected(f"expected {text!r}", f"此处应为 {text!r}")
        return self._next()

    def _unexpected(self, en: str, zh: str) -> CelError:
        token = self._token
        if token.kind is TokenKind.END:
            return self._source.error(token.start, f"{en}, but the expression ends here", f"{zh}，但表达式到此结束")
        shown = token.text if len(token.text) <= 40 else token.text[:39] + "…"
        return self._source.error(token.start, f"{en}, found {shown}", f"{zh}，却是 {shown}")

    def expect_end(self) -> None:
        """Refuse anything after the expression."""
        if self._token.kind is not TokenKind.END:
            raise self._unexpected("expected an operator or the end", "此处应为运算符或表达式结尾")

    def expression(self, depth: int) -> Node:
        """Read an expression, a `? :` included."""
        condition = self._binary(1, depth)
        if not self._accept("?"):
            return condition
        yes = self._binary(1, depth + 1)
        self._expect(":")
        no = self.expression(depth + 1)
        return syntax.Conditional(condition.start, no.end, condition, yes, no)

    def _binary(self, level: int, depth: int) -> Node:
        """Read operands joined by operators that bind at least as tightly as *level*; all of them group to the left."""
        if depth > MAX_DEPTH:
            raise _too_deep(self._source, self._token.start)
        left = self._operand(depth)
        while (operator := self._operator()) and (found := _LEVEL[operator.text]) >= level:
            self._position += 1
            right = self._binary(found + 1, depth + 1)
            left = self._joined(operator, left, right)
        return left

    def _operator(self) -> Token | None:
        token = self._token
        usable = token.kind is TokenKind.OPERATOR or (token.kind is TokenKind.NAME and token.text == "in")
        return token if usable and token.text in _LEVEL else None

    def _joined(self, operator: Token, left: Node, right: Node) -> Node:
        text = operator.text
        if text not in _LOGIC:
            return syntax.Binary(left.start, right.end, text, left, right, operator.start)
        terms = left.terms if isinstance(left, syntax.Logic) and left.operator == text else (left,)
        return syntax.Logic(left.start, right.end, text, (*terms, right))

    def _operand(self, depth: int) -> Node:
        """Read prefix operators, one primary, and what follows it."""
        prefixes: list[Token] = []
        while self._at("!", "-"):
            prefixes.append(self._next())
        if depth + len(prefixes) > MAX_DEPTH:
            raise _too_deep(self._source, self._token.start)
        node = self._postfix(self._primary(prefixes, depth), depth)
        for prefix in reversed(prefixes):
            node = syntax.Unary(prefix.start, node.end, prefix.text, node)
        return node

    def _primary(self, prefixes: list[Token], depth: int) -> Node:
        token = self._token
        if token.kind is TokenKind.VALUE:
            return self._literal(prefixes)
        if token.kind is TokenKind.NAME and token.text in _CONSTANTS:
            self._position += 1
            return syntax.Literal(token.start, token.end, _CONSTANTS[token.text])
        if token.kind is TokenKind.NAME or self._at("."):
            return self._name(depth)
        if self._accept("("):
            node = self.expression(depth + 1)
            return replace(node, start=token.start, end=self._expect(")").end)
        if self._accept("["):
            items = self._separated("]", depth, trailing=True)
            return syntax.ListNode(token.start, self._expect("]").end, items)
        if self._accept("{"):
            entries = self._entries(depth)
            return syntax.MapNode(token.start, self._expect("}").end, entries)
        raise self._unexpected("expected a value", "此处应为一个值")

    def _literal(self, prefixes: list[Token]) -> Node:
        """Read a literal; a minus sign before a number belongs to it, so that the least int can be written."""
        token = self._next()
        value, start = token.value, token.start
        if prefixes and prefixes[-1].text == "-" and type(value) in (int, float, Magnitude):
            start = prefixes.pop().start
            value = -float(value) if isinstance(value, float) else -int(value)  # type: ignore[call-overload]
        if isinstance(value, Magnitude):
            raise self._source.error(
                start, f"{token.text} does not fit into 64 bits", f"{token.text} 超出 64 位整数范围"
            )
        return syntax.Literal(start, token.end, value)

    def _name(self, depth: int) -> Node:
        start = self._token.start
        self._accept(".")
        token = self._token
        if token.kind is not TokenKind.NAME:
            raise self._unexpected("expected a name", "此处应为名称")
        if token.text in RESERVED:
            raise self._source.error(
                token.start, f"{token.text} is a reserved word, not a name", f"{token.text} 是保留字，不能用作名称"
            )
        self._position += 1
        if not self._accept("("):
            return syntax.Name(start, token.end, token.text)
        arguments = self._separated(")", depth)
        return syntax.Call(start, self._expect(")").end, token.text, None, arguments, token.start)

    def _postfix(self, node: Node, depth: int) -> Node:
        while True:
            if self._accept("."):
                node = self._member(node, depth)
            elif self._accept("["):
                key = self.expression(depth + 1)
                node = syntax.Index(node.start, self._expect("]").end, node, key)
            elif self._at("{") and isinstance(node, (syntax.Name, syntax.Member)):
                raise self._source.error(
                    self._token.start,
                    "messages cannot be built here: compare the fields one by one",
                    "此处不能构造消息，请逐个比较字段",
                )
            else:
                return node

    def _member(self, operand: Node, depth: int) -> Node:
        token = self._token
        named = token.kind is TokenKind.NAME and token.text not in KEYWORDS
        if not named and token.kind is not TokenKind.ESCAPED:
            raise self._unexpected("expected a field or function name", "此处应为字段名或函数名")
        self._position += 1
        if not named or not self._accept("("):
            return syntax.Member(operand.start, token.end, operand, token.text, token.start)
        arguments = self._separated(")", depth)
        return syntax.Call(operand.start, self._expect(")").end, token.text, operand, arguments, token.start)

    def _separated(self, close: str, depth: int, *, trailing: bool = False) -> tuple[Node, ...]:
        found: list[Node] = []
        while not self._at(close):
            found.append(self.expression(depth + 1))
            if not self._accept(","):
                break
            if self._at(close) and not trailing:
                raise self._unexpected("expected another argument", "此处应还有一个参数")
        return tuple(found)

    def _entries(self, depth: int) -> tuple[tuple[Node, Node], ...]:
        found: list[tuple[Node, Node]] = []
        while not self._at("}"):
            key = self.expression(depth + 1)
            self._expect(":")
            found.append((key, self.expression(depth + 1)))
            if not self._accept(","):
                break
        return tuple(found)

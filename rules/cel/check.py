"""Checking: from the tree as written to the typed tree, or to the first mistake in it."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from rules.cel import syntax, typed
from rules.cel.calls import apply, describe_number_mix
from rules.cel.conversions import TYPE_VALUES
from rules.cel.errors import CelError, Source
from rules.cel.functions import NAMESPACES, OVERLOADS
from rules.cel.paths import path_of
from rules.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DYN,
    INT,
    NEVER,
    NULL,
    STRING,
    TYPE,
    UINT,
    Kind,
    ListOf,
    MapOf,
    Record,
    Type,
    assignable,
    comparable,
    join,
)
from rules.cel.values import UInt

_LITERALS: dict[type, Type] = {
    bool: BOOL,
    int: INT,
    UInt: UINT,
    float: DOUBLE,
    str: STRING,
    bytes: BYTES,
    type(None): NULL,
}
_MACROS = {**{kind.value: kind for kind in typed.FoldKind}, "existsOne": typed.FoldKind.EXISTS_ONE}

Scope = Mapping[str, typed.Local]


def check(source: Source, tree: syntax.Node, variables: Mapping[str, Type], expects: Type) -> typed.Node:
    """Return the typed tree.

    Raises:
        CelError: a name is unknown, the types do not fit, or the result is not of type *expects*.
    """
    result = _Checker(source, variables).check(tree, {})
    if not assignable(result.type, expects):
        raise source.error(
            tree.start,
            f"the expression is of type {result.type}, but {expects} is wanted",
            f"表达式的类型是 {result.type}，此处需要 {expects}",
        )
    return result


def suggestion(name: str, known: Mapping[str, object] | frozenset[str]) -> tuple[str, str]:
    """Return "did you mean" in both languages, empty where nothing is close."""
    close = get_close_matches(name, list(known), n=1)
    return (f'; did you mean "{close[0]}"?', f"；是否想写 “{close[0]}”？") if close else ("", "")


class _Checker:
    """The names an expression may use, and how many macro variables it has bound so far."""

    def __init__(self, source: Source, variables: Mapping[str, Type]) -> None:
        self._source = source
        self._variables = variables
        self._locals = 0

    def check(self, node: syntax.Node, scope: Scope) -> typed.Node:
        match node:
            case syntax.Literal():
                return typed.Constant(_LITERALS[type(node.value)], node.start, node.end, node.value)
            case syntax.Name():
                return self._name(node, scope)
            case syntax.Member():
                return self._member(node, self.check(node.operand, scope))
            case syntax.Index():
                return self._index(node, scope)
            case syntax.Call():
                return self._call(node, scope)
            case syntax.Unary():
                operand = self.check(node.operand, scope)
                return apply(self._source, node, node.operator, OVERLOADS[node.operator], (operand,), node.start)
            case syntax.Binary():
                return self._binary(node, self.check(node.left, scope), self.check(node.right, scope))
            case syntax.Logic():
                terms = tuple(self._boolean(term, scope) for term in node.terms)
                return typed.Logic(BOOL, node.start, node.end, node.operator, terms)
            case syntax.Conditional():
                return self._conditional(node, scope)
            case syntax.ListNode():
                return self._list(node, scope)
            case syntax.MapNode():
                return self._map(node, scope)
        raise TypeError(f"no check for {type(node).__name__}")

    def _error(self, at: int, en: str, zh: str) -> CelError:
        return self._source.error(at, en, zh)

    def _boolean(self, node: syntax.Node, scope: Scope) -> typed.Node:
        found = self.check(node, scope)
        if not assignable(found.type, BOOL):
            raise self._error(
                node.start, f"expected a bool, found {found.type}", f"此处应为 bool，实际类型为 {found.type}"
            )
        return found

    def _name(self, node: syntax.Name, scope: Scope) -> typed.Node:
        name = node.name
        local = scope.get(name)
        if local is not None:
            return typed.Local(local.type, node.start, node.end, name, local.slot, local.path)
        if name in self._variables:
            return typed.Variable(self._variables[name], node.start, node.end, name)
        if name in TYPE_VALUES:
            return typed.Constant(TYPE, node.start, node.end, TYPE_VALUES[name])
        hint, hint_zh = suggestion(name, {**self._variables, **scope})
        raise self._error(node.start, f'unknown name "{name}"{hint}', f"未知的名称 “{name}”{hint_zh}")

    def _member(self, node: syntax.Member, operand: typed.Node) -> typed.Node:
        return typed.Field(self._field_type(operand.type, node), node.start, node.end, operand, node.name)

    def _field_type(self, type_: Type, node: syntax.Member) -> Type:
        match type_:
            case Record():
                found = type_.fields.get(node.name)
                if found is not None:
                    return found
                hint, hint_zh = suggestion(node.name, type_.fields)
                raise self._error(
                    node.name_at,
                    f'{type_} has no field "{node.name}"{hint}',
                    f"{type_} 没有字段 “{node.name}”{hint_zh}",
                )
            case MapOf() if assignable(STRING, type_.key):
                return type_.value
        if type_.kind in (Kind.DYN, Kind.NEVER):
            return DYN
        raise self._error(
            node.name_at,
            f'a value of type {type_} has no field "{node.name}"',
            f"类型 {type_} 的值没有字段 “{node.name}”",
        )

    def _index(self, node: syntax.Index, scope: Scope) -> typed.Node:
        operand, key = self.check(node.operand, scope), self.check(node.key, scope)
        match operand.type:
            case ListOf(element=result):
                fits = assignable(key.type, INT) or key.type.kind in (Kind.UINT, Kind.DOUBLE)
            case MapOf(key=wanted, value=result):
                fits = comparable(key.type, wanted)
            case _:
                fits, result = operand.type.kind in (Kind.DYN, Kind.NEVER), DYN
        if not fits:
            raise self._error(
                node.key.start,
                f"a value of type {operand.type} cannot be indexed with {key.type}",
                f"类型 {operand.type} 的值不能用 {key.type} 作下标",
            )
        return typed.Index(result, node.start, node.end, operand, key)

    def _binary(self, node: syntax.Binary, left: typed.Node, right: typed.Node) -> typed.Node:
        match node.operator:
            case "==" | "!=":
                return self._equal(node, left, right)
            case "in":
                return self._in(node, left, right)
            case "+" if isinstance(left.type, ListOf) and isinstance(right.type, ListOf):
                return typed.Concat(join(left.type, right.type), node.start, node.end, left, right)
        return apply(self._source, node, node.operator, OVERLOADS[node.operator], (left, right), node.operator_at)

    def _equal(self, node: syntax.Binary, left: typed.Node, right: typed.Node) -> typed.Node:
        if comparable(left.type, right.type):
            return typed.Equal(BOOL, node.start, node.end, left, right, node.operator == "!=")
        if Kind.NULL in (left.type.kind, right.type.kind):
            raise self._error(
                node.operator_at,
                "a fact is never null: ask has(x.field) whether it is there",
                "事实不会是 null：请用 has(x.字段) 判断是否存在",
            )
        raise self._error(
            node.operator_at,
            f"{left.type} and {right.type} cannot be compared",
            f"{left.type} 与 {right.type} 不能比较",
        )

    def _in(self, node: syntax.Binary, needle: typed.Node, haystack: typed.Node) -> typed.Node:
        match haystack.type:
            case ListOf(element=wanted) | MapOf(key=wanted):
                fits, hint, hint_zh = comparable(needle.type, wanted), "", ""
            case _:
                fits = haystack.type.kind in (Kind.DYN, Kind.NEVER)
                text = haystack.type.kind is Kind.STRING
                hint, hint_zh = (": write text.contains(part)", "：请写 text.contains(part)") if text else ("", "")
        if not fits:
            raise self._error(
                node.operator_at,
                f"{needle.type} cannot be in {haystack.type}{hint}",
                f"{needle.type} 不可能在 {haystack.type} 中{hint_zh}",
            )
        return typed.In(BOOL, node.start, node.end, needle, haystack)

    def _conditional(self, node: syntax.Conditional, scope: Scope) -> typed.Node:
        condition = self._boolean(node.condition, scope)
        yes, no = self.check(node.yes, scope), self.check(node.no, scope)
        if not assignable(yes.type, no.type):
            hint, hint_zh = describe_number_mix(yes.type, no.type)
            raise self._error(
                node.no.start,
                f"both results of ?: must have one type, found {yes.type} and {no.type}{hint}",
                f"?: 的两个结果类型须一致，实际为 {yes.type} 与 {no.type}{hint_zh}",
            )
        return typed.Conditional(join(yes.type, no.type), node.start, node.end, condition, yes, no)

    def _list(self, node: syntax.ListNode, scope: Scope) -> typed.Node:
        items = tuple(self.check(item, scope) for item in node.items)
        element: Type = NEVER
        for item in items:
            element = join(element, item.type)
        values = [item.value for item in items if isinstance(item, typed.Constant)]
        if len(values) == len(items):
            return typed.Constant(ListOf(element), node.start, node.end, tuple(values))
        return typed.ListValue(ListOf(element), node.start, node.end, items)

    def _map(self, node: syntax.MapNode, scope: Scope) -> typed.Node:
        entries = tuple((self.check(key, scope), self.check(value, scope)) for key, value in node.entries)
        key_type: Type = NEVER
        value_type: Type = NEVER
        for key, value in entries:
            if key.type.kind not in (Kind.BOOL, Kind.INT, Kind.UINT, Kind.STRING, Kind.DYN):
                raise self._error(key.start, f"{key.type} cannot be a map key", f"{key.type} 不能作为 map 的键")
            key_type, value_type = join(key_type, key.type), join(value_type, value.type)
        return typed.MapValue(MapOf(key_type, value_type), node.start, node.end, entries)

    def _call(self, node: syntax.Call, scope: Scope) -> typed.Node:
        if node.target is None and node.function == "has" and len(node.arguments) == 1:
            return self._has(node, node.arguments[0], scope)
        if node.target is not None and node.function in _MACROS:
            return self._fold(node, _MACROS[node.function], node.target, scope)
        name, arguments = self._callee(node, scope)
        overloads = OVERLOADS.get(name, ())
        as_method = node.target is not None and "." not in name
        usable = tuple(o for o in overloads if (o.as_method if as_method else o.as_function))
        if not usable:
            raise self._unknown_function(node, name, bool(overloads), as_method)
        checked = tuple(self.check(argument, scope) for argument in arguments)
        return apply(self._source, node, name, usable, checked, node.name_at)

    def _callee(self, node: syntax.Call, scope: Scope) -> tuple[str, tuple[syntax.Node, ...]]:
        target = node.target
        if target is None:
            return node.function, node.arguments
        if isinstance(target, syntax.Name) and target.name in NAMESPACES:
            hidden = target.name in scope or target.name in self._variables
            if not hidden:
                return f"{target.name}.{node.function}", node.arguments
        return node.function, (target, *node.arguments)

    def _unknown_function(self, node: syntax.Call, name: str, exists: bool, as_method: bool) -> CelError:
        if exists:
            form = f"{name}(x)" if as_method else f"x.{name}()"
            return self._error(node.name_at, f"write {form}", f"应写作 {form}")
        usable = {key for key in OVERLOADS if key[0].isalpha()} | set(_MACROS) | {"has"}
        hint, hint_zh = suggestion(name, frozenset(usable))
        return self._error(node.name_at, f'unknown function "{name}"{hint}', f"未知的函数 “{name}”{hint_zh}")

    def _has(self, node: syntax.Call, argument: syntax.Node, scope: Scope) -> typed.Node:
        if not isinstance(argument, syntax.Member):
            raise self._error(
                argument.start, "has() takes a field, as in has(x.field)", "has() 的参数须是字段，如 has(x.field)"
            )
        operand = self.check(argument.operand, scope)
        self._field_type(operand.type, argument)
        return typed.Has(BOOL, node.start, node.end, operand, argument.name)

    def _fold(self, node: syntax.Call, kind: typed.FoldKind, target: syntax.Node, scope: Scope) -> typed.Node:
        if len(node.arguments) != 2 and not (kind is typed.FoldKind.MAP and len(node.arguments) == 3):
            what, what_zh = ("result", "结果") if kind is typed.FoldKind.MAP else ("condition", "条件")
            raise self._error(
                node.name_at,
                f"{node.function} takes a name and a {what}, as in {node.function}(x, ...)",
                f"{node.function} 需要变量名和{what_zh}，如 {node.function}(x, ...)",
            )
        items = self.check(target, scope)
        variable = self._bind(node, items)
        inner = {**scope, variable.name: variable}
        predicate = transform = None
        if kind is not typed.FoldKind.MAP or len(node.arguments) == 3:
            predicate = self._boolean(node.arguments[1], inner)
        if kind is typed.FoldKind.MAP:
            transform = self.check(node.arguments[-1], inner)
        result: Type = BOOL
        if transform is not None:
            result = ListOf(transform.type)
        elif kind is typed.FoldKind.FILTER:
            result = ListOf(variable.type)
        return typed.Fold(result, node.start, node.end, kind, items, variable, predicate, transform)

    def _bind(self, node: syntax.Call, items: typed.Node) -> typed.Local:
        first = node.arguments[0]
        if not isinstance(first, syntax.Name):
            raise self._error(
                first.start,
                f"the first argument of {node.function} names the element, as in {node.function}(x, ...)",
                f"{node.function} 的第一个参数是元素变量名，如 {node.function}(x, ...)",
            )
        match items.type:
            case ListOf(element=element) | MapOf(key=element):
                pass
            case _ if items.type.kind in (Kind.DYN, Kind.NEVER):
                element = DYN
            case _:
                raise self._error(
                    node.name_at,
                    f"{node.function} needs a list or a map, found {items.type}",
                    f"{node.function} 需要 list 或 map，实际类型为 {items.type}",
                )
        self._locals += 1
        path = path_of(items)
        return typed.Local(element, first.start, first.end, first.name, self._locals - 1, f"{path}[]" if path else "")

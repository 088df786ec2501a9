"""Checking: from the tree as written to the typed tree, or to the first mistake in it."""

from __future__ import annotations

from collections.abc import Mapping

from rules.cel import relations, syntax, typed
from rules.cel.calls import apply
from rules.cel.conversions import TYPE_VALUES
from rules.cel.errors import CelError, Source
from rules.cel.functions import NAMESPACES, OVERLOADS
from rules.cel.paths import path_of
from rules.cel.relations import suggestion
from rules.cel.typed import FoldKind
from rules.cel.types import BOOL, BYTES, DOUBLE, INT, NULL, STRING, TYPE, UINT, ListOf, Type, assignable, join
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
_MACROS = {**{kind.value: kind for kind in FoldKind}, "existsOne": FoldKind.EXISTS_ONE}

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
                operand = self.check(node.operand, scope)
                type_ = relations.field_type(self._source, operand.type, node)
                return typed.Field(type_, node.start, node.end, operand, node.name)
            case syntax.Index():
                return relations.index(self._source, node, self.check(node.operand, scope), self.check(node.key, scope))
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
                condition = self._boolean(node.condition, scope)
                yes, no = self.check(node.yes, scope), self.check(node.no, scope)
                return relations.chosen(self._source, node, condition, yes, no)
            case syntax.ListNode():
                return relations.list_value(node, tuple(self.check(item, scope) for item in node.items))
            case syntax.MapNode():
                entries = tuple((self.check(key, scope), self.check(value, scope)) for key, value in node.entries)
                return relations.map_value(self._source, node, entries)
        raise TypeError(f"no check for {type(node).__name__}")

    def _boolean(self, node: syntax.Node, scope: Scope) -> typed.Node:
        found = self.check(node, scope)
        if assignable(found.type, BOOL):
            return found
        en, zh = f"expected a bool, found {found.type}", f"此处应为 bool，实际类型为 {found.type}"
        raise self._source.error(node.start, en, zh)

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
        raise self._source.error(node.start, f'unknown name "{name}"{hint}', f"未知的名称 “{name}”{hint_zh}")

    def _binary(self, node: syntax.Binary, left: typed.Node, right: typed.Node) -> typed.Node:
        match node.operator:
            case "==" | "!=":
                return relations.equal(self._source, node, left, right)
            case "in":
                return relations.contained(self._source, node, left, right)
            case "+" if isinstance(left.type, ListOf) and isinstance(right.type, ListOf):
                return typed.Concat(join(left.type, right.type), node.start, node.end, left, right)
        return apply(self._source, node, node.operator, OVERLOADS[node.operator], (left, right), node.operator_at)

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
            return self._source.error(node.name_at, f"write {form}", f"应写作 {form}")
        usable = {key for key in OVERLOADS if key[0].isalpha()} | set(_MACROS) | {"has"}
        hint, hint_zh = suggestion(name, usable)
        return self._source.error(node.name_at, f'unknown function "{name}"{hint}', f"未知的函数 “{name}”{hint_zh}")

    def _has(self, node: syntax.Call, argument: syntax.Node, scope: Scope) -> typed.Node:
        if not isinstance(argument, syntax.Member):
            en, zh = "has() takes a field, as in has(x.field)", "has() 的参数须是字段，如 has(x.field)"
            raise self._source.error(argument.start, en, zh)
        operand = self.check(argument.operand, scope)
        relations.field_type(self._source, operand.type, argument)
        return typed.Has(BOOL, node.start, node.end, operand, argument.name)

    def _fold(self, node: syntax.Call, kind: FoldKind, target: syntax.Node, scope: Scope) -> typed.Node:
        if len(node.arguments) != 2 and not (kind is FoldKind.MAP and len(node.arguments) == 3):
            what, what_zh = ("result", "结果") if kind is FoldKind.MAP else ("condition", "条件")
            raise self._source.error(
                node.name_at,
                f"{node.function} takes a name and a {what}, as in {node.function}(x, ...)",
                f"{node.function} 需要变量名和{what_zh}，如 {node.function}(x, ...)",
            )
        items = self.check(target, scope)
        variable = self._bind(node, items)
        inner = {**scope, variable.name: variable}
        predicate = transform = None
        if kind is not FoldKind.MAP or len(node.arguments) == 3:
            predicate = self._boolean(node.arguments[1], inner)
        if kind is FoldKind.MAP:
            transform = self.check(node.arguments[-1], inner)
        result: Type = BOOL
        if transform is not None:
            result = ListOf(transform.type)
        elif kind is FoldKind.FILTER:
            result = ListOf(variable.type)
        return typed.Fold(result, node.start, node.end, kind, items, variable, predicate, transform)

    def _bind(self, node: syntax.Call, items: typed.Node) -> typed.Local:
        first = node.arguments[0]
        if not isinstance(first, syntax.Name):
            raise self._source.error(
                first.start,
                f"the first argument of {node.function} names the element, as in {node.function}(x, ...)",
                f"{node.function} 的第一个参数是元素变量名，如 {node.function}(x, ...)",
            )
        element = relations.element_type(self._source, node, items.type)
        path = path_of(items)
        self._locals += 1
        return typed.Local(element, first.start, first.end, first.name, self._locals - 1, f"{path}[]" if path else "")

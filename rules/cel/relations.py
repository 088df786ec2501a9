"""What types the parts of operators must have: access, equality, membership, choice, lists and maps."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from rules.cel import syntax, typed
from rules.cel.calls import describe_number_mix
from rules.cel.errors import Source
from rules.cel.types import (
    BOOL,
    DYN,
    NEVER,
    OPEN,
    STRING,
    Kind,
    ListOf,
    MapOf,
    Record,
    Type,
    assignable,
    comparable,
    join,
)

_POSITIONS = frozenset({Kind.INT, Kind.UINT, Kind.DOUBLE, *OPEN})
_KEYS = frozenset({Kind.BOOL, Kind.INT, Kind.UINT, Kind.STRING, Kind.DYN})


def suggestion(name: str, known: Iterable[str]) -> tuple[str, str]:
    """Return "did you mean" in both languages, empty where nothing is close."""
    close = get_close_matches(name, list(known), n=1)
    return (f'; did you mean "{close[0]}"?', f"；是否想写 “{close[0]}”？") if close else ("", "")


def field_type(source: Source, type_: Type, node: syntax.Member) -> Type:
    """Return the type of a field of a value of *type_*.

    Raises:
        CelError: it has no such field.
    """
    name, hint, hint_zh = node.name, "", ""
    if type_.kind in OPEN:
        return DYN
    if isinstance(type_, MapOf) and assignable(STRING, type_.key):
        return type_.value
    if isinstance(type_, Record):
        found = type_.fields.get(name)
        if found is not None:
            return found
        hint, hint_zh = suggestion(name, type_.fields)
    raise source.error(node.name_at, f'{type_} has no field "{name}"{hint}', f"{type_} 没有字段 “{name}”{hint_zh}")


def index(source: Source, node: syntax.Index, operand: typed.Node, key: typed.Node) -> typed.Node:
    """Check `operand[key]`."""
    match operand.type:
        case ListOf(element=result):
            fits = key.type.kind in _POSITIONS
        case MapOf(key=wanted, value=result):
            fits = comparable(key.type, wanted)
        case _:
            fits, result = operand.type.kind in OPEN, DYN
    if not fits:
        raise source.error(
            node.key.start,
            f"a value of type {operand.type} cannot be indexed with {key.type}",
            f"类型 {operand.type} 的值不能用 {key.type} 作下标",
        )
    return typed.Index(result, node.start, node.end, operand, key)


def equal(source: Source, node: syntax.Binary, left: typed.Node, right: typed.Node) -> typed.Node:
    """Check `left == right` and `left != right`."""
    if comparable(left.type, right.type):
        return typed.Equal(BOOL, node.start, node.end, left, right, node.operator == "!=")
    if Kind.NULL in (left.type.kind, right.type.kind):
        raise source.error(
            node.operator_at,
            "a fact is never null: ask has(x.field) whether it is there",
            "事实不会是 null：请用 has(x.字段) 判断是否存在",
        )
    raise source.error(
        node.operator_at,
        f"{left.type} and {right.type} cannot be compared",
        f"{left.type} 与 {right.type} 不能比较",
    )


def contained(source: Source, node: syntax.Binary, needle: typed.Node, haystack: typed.Node) -> typed.Node:
    """Check `needle in haystack`."""
    match haystack.type:
        case ListOf(element=wanted) | MapOf(key=wanted):
            fits = comparable(needle.type, wanted)
        case _:
            fits = haystack.type.kind in OPEN
    if not fits:
        text = haystack.type == STRING
        hint, hint_zh = (": write text.contains(part)", "：请写 text.contains(part)") if text else ("", "")
        raise source.error(
            node.operator_at,
            f"{needle.type} cannot be in {haystack.type}{hint}",
            f"{needle.type} 不可能在 {haystack.type} 中{hint_zh}",
        )
    return typed.In(BOOL, node.start, node.end, needle, haystack)


def chosen(
    source: Source, node: syntax.Conditional, condition: typed.Node, yes: typed.Node, no: typed.Node
) -> typed.Node:
    """Check `condition ? yes : no`; the condition is known to be a bool."""
    if not assignable(yes.type, no.type):
        hint, hint_zh = describe_number_mix(yes.type, no.type)
        raise source.error(
            node.no.start,
            f"both results of ?: must have one type, found {yes.type} and {no.type}{hint}",
            f"?: 的两个结果类型须一致，实际为 {yes.type} 与 {no.type}{hint_zh}",
        )
    return typed.Conditional(join(yes.type, no.type), node.start, node.end, condition, yes, no)


def list_value(node: syntax.ListNode, items: tuple[typed.Node, ...]) -> typed.Node:
    """Return the list of these items; a constant if all of them are."""
    element: Type = NEVER
    for item in items:
        element = join(element, item.type)
    values = tuple(item.value for item in items if isinstance(item, typed.Constant))
    if len(values) == len(items):
        return typed.Constant(ListOf(element), node.start, node.end, values)
    return typed.ListValue(ListOf(element), node.start, node.end, items)


def map_value(source: Source, node: syntax.MapNode, entries: tuple[tuple[typed.Node, typed.Node], ...]) -> typed.Node:
    """Check `{key: value}`."""
    key_type: Type = NEVER
    value_type: Type = NEVER
    for key, value in entries:
        if key.type.kind not in _KEYS:
            raise source.error(key.start, f"{key.type} cannot be a map key", f"{key.type} 不能作为 map 的键")
        key_type, value_type = join(key_type, key.type), join(value_type, value.type)
    return typed.MapValue(MapOf(key_type, value_type), node.start, node.end, entries)


def element_type(source: Source, node: syntax.Call, items: Type) -> Type:
    """Return the type of what a macro goes through: the elements of a list, or the keys of a map."""
    match items:
        case ListOf(element=element) | MapOf(key=element):
            return element
    if items.kind in OPEN:
        return DYN
    raise source.error(
        node.name_at,
        f"{node.function} needs a list or a map, found {items}",
        f"{node.function} 需要 list 或 map，实际类型为 {items}",
    )

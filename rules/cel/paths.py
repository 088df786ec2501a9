"""Which facts an expression looks at: the paths by which it reaches into what it is given."""

from __future__ import annotations

from rules.cel.typed import Field, Fold, FoldKind, Has, Index, Local, Node, Variable, children


def path_of(node: Node) -> str | None:
    """Return which fact a node is, such as `ports[].number`; None where it is calculated."""
    match node:
        case Variable(name=name):
            return name
        case Local(path=path):
            return path or None
        case Field(operand=operand, name=name):
            outer = path_of(operand)
            return f"{outer}.{name}" if outer else None
        case Index(operand=operand):
            outer = path_of(operand)
            return f"{outer}[]" if outer else None
        case Fold(kind=FoldKind.FILTER, items=items):
            return path_of(items)
    return None


def reads(tree: Node) -> frozenset[str]:
    """Return the facts an expression can look at, each by its longest path, such as `ports[].number`."""
    found: set[str] = set()
    left = [tree]
    while left:
        node = left.pop()
        path = path_of(Field(node.type, 0, 0, node.operand, node.name) if isinstance(node, Has) else node)
        if path is not None:
            found.add(path)
        left += _beyond_path(node)
    return frozenset(found)


def _beyond_path(node: Node) -> tuple[Node, ...]:
    """Return what a node reads besides the fact that its own path names."""
    match node:
        case Field(operand=operand) | Has(operand=operand) if path_of(operand):
            return _beyond_path(operand)
        case Index(operand=operand, key=key) if path_of(operand):
            return (key, *_beyond_path(operand))
    return children(node)

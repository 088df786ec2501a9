"""YAML as operators need it: text, lists and mappings, and nothing that surprises.

Scalars stay text (`no`, `22:00` and `0440783` are what they look like) and the models say what they mean; only an
empty plain scalar, `~` and `null` are None. Anchors, aliases, tags, duplicate keys and a second document are
refused. Values are built straight from libyaml's events, without their positions, because 100,000 targets must load
within seconds; positions are found by reading the text again, and only when there is a mistake to report.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from monitor.settings.decoding import HIDDEN, decode
from monitor.settings.mistakes import NOTHING, Mistake, Mistakes
from monitor.settings.yaml_syntax import syntax_mistake
from rules.text import Text

Value = str | None | list["Value"] | dict[str, "Value"]
Way = Sequence[str | int]
"""Keys and indices from the root of a document to a value in it."""

DEEPEST = 12
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(slots=True)
class _Node:
    """A position, 1-based, and those of the values inside."""

    line: int
    column: int
    inside: dict[str | int, _Node] = field(default_factory=dict)


class Document:
    """A file's value, and where in the file each part of it stands."""

    def __init__(self, file: str, text: str, value: Value) -> None:
        self.file, self.value = file, value
        self._text = text
        self._positions: _Node | None = None

    def place(self, way: Way) -> tuple[int, int]:
        """Return line and column of the value at *way*, or of the nearest that exists around it."""
        if self._positions is None:
            self._positions = _positions(self._text)
        node = self._positions
        for step in way:
            inner = node.inside.get(step)
            if inner is None:
                break
            node = inner
        return node.line, node.column

    def label(self, way: Way) -> str:
        """Return the key of the value at *way*, for people; empty for list items."""
        return str(way[-1]) if way and isinstance(way[-1], str) else ""


def read_yaml(file: str, data: bytes) -> Document:
    """Read one YAML document.

    Raises:
        Mistakes: No text, no YAML, or YAML of a kind refused here.
    """
    text = decode(file, data)
    try:
        builder = _Builder(file)
        value = builder.build(text)
    except yaml.YAMLError as error:
        raise Mistakes([syntax_mistake(file, error)]) from error
    if builder.mistakes:
        raise Mistakes(builder.mistakes)
    return Document(file, text, value)


def _events(text: str) -> Iterator[yaml.Event]:
    """Yield libyaml's events; `yaml.parse` does the same with two calls an event."""
    return iter(yaml.CSafeLoader(text).get_event, None)


class _Builder:
    """Builds a value from events with a stack of its own, so that no nesting can exhaust ours."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.mistakes: list[Mistake] = []
        self._documents = 0
        self._root: list[Value] = []
        self._into: list[Value] | dict[str, Value] = self._root
        self._key: str | None = None
        self._outer: list[tuple[list[Value] | dict[str, Value], str | None]] = []

    def build(self, text: str) -> Value:
        """Return the value of the one document in *text*; what is refused on the way is kept in `mistakes`."""
        for event in _events(text):
            if isinstance(event, ScalarEvent):
                self._scalar(event)
            elif isinstance(event, _STARTS):
                self._open(event)
            elif isinstance(event, _ENDS):
                self._into, self._key = self._outer.pop()
            elif isinstance(event, AliasEvent):
                self.mistakes.append(self._at(event, _ALIAS, _WRITE_OUT))
                self._put(f"*{event.anchor}")
            elif isinstance(event, DocumentStartEvent):
                self._documents += 1
                if self._documents > 1:
                    raise Mistakes([self._at(event, Text("一个文件只能有一个文档", "one file holds one document"))])
        return self._root[0] if self._root else None

    def _scalar(self, event: ScalarEvent) -> None:
        value: str = event.value
        style = event.style
        if event.anchor is not None or event.tag is not None or (style == '"' and HIDDEN.search(value)):
            self._refuse(event)
        if isinstance(self._into, dict) and self._key is None:
            self._key = value
            if value in self._into:
                message = Text(f"“{value}”重复出现", f'"{value}" appears twice')
                self.mistakes.append(self._at(event, message, Text("请只保留一处", "keep one")))
        else:
            self._put(None if not style and value in _NULLS else value)

    def _put(self, value: Value) -> None:
        into = self._into
        if isinstance(into, list):
            into.append(value)
        elif self._key is None:
            self._key = str(value)
        else:
            into[self._key] = value
            self._key = None

    def _open(self, event: MappingStartEvent | SequenceStartEvent) -> None:
        if isinstance(self._into, dict) and self._key is None:
            raise Mistakes([self._at(event, Text("映射的键必须是文字", "a mapping's key must be plain text"))])
        if event.anchor is not None or event.tag is not None:
            self._refuse(event)
        if len(self._outer) >= DEEPEST:
            raise Mistakes([self._at(event, Text(f"嵌套超过 {DEEPEST} 层", f"nested deeper than {DEEPEST} levels"))])
        value: list[Value] | dict[str, Value] = {} if isinstance(event, MappingStartEvent) else []
        self._put(value)
        self._outer.append((self._into, self._key))
        self._into, self._key = value, None

    def _refuse(self, event: ScalarEvent | MappingStartEvent | SequenceStartEvent) -> None:
        if event.anchor is not None:
            self.mistakes.append(self._at(event, _ALIAS, _WRITE_OUT))
        if event.tag is not None:
            message = Text(f"不接受类型标签 {event.tag}", f"the tag {event.tag} is not accepted")
            self.mistakes.append(self._at(event, message, Text("请删除标签", "remove the tag")))
        if isinstance(event, ScalarEvent) and HIDDEN.search(event.value):
            message = Text("文字中含有控制字符", "the text holds a control character")
            self.mistakes.append(self._at(event, message, Text("请删除它", "delete it")))

    def _at(self, event: yaml.Event, message: Text, cure: Text = NOTHING) -> Mistake:
        line, column = _place(event)
        return Mistake(self.file, line, column, message, cure)


def _place(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)


_STARTS = (MappingStartEvent, SequenceStartEvent)
_ENDS = (MappingEndEvent, SequenceEndEvent)
_ALIAS = Text("不接受锚点和别名（& 和 *）", "anchors and aliases (& and *) are not accepted")
_WRITE_OUT = Text("请把内容直接写出来", "write the content out")


def _positions(text: str) -> _Node:
    """Find where everything stands; *text* has been read without mistake before."""
    root = _Node(1, 1)
    stack: list[tuple[_Node, bool]] = []
    key: str | None = None
    for event in _events(text):
        if isinstance(event, _ENDS):
            stack.pop()
            key = None
        elif isinstance(event, (ScalarEvent, *_STARTS)):
            node, in_mapping = stack[-1] if stack else (root, False)
            line, column = _place(event)
            if not stack:
                inner = root
            elif in_mapping and key is None and isinstance(event, ScalarEvent):
                key = event.value
                node.inside[key] = _Node(line, column)
                continue
            elif in_mapping and key is not None:
                inner = node.inside[key]
                key = None
            else:
                inner = node.inside[len(node.inside)] = _Node(line, column)
            if not isinstance(event, ScalarEvent):
                stack.append((inner, isinstance(event, MappingStartEvent)))
    return root

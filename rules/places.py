"""Where in a YAML text its values stand, down to the character of an expression written over several lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import yaml

_TOKENS = {
    '"': re.compile(r"\\(?:x..|u.{4}|U.{8}|.)|.", re.DOTALL),
    "'": re.compile(r"''|.", re.DOTALL),
}
_PLAIN = re.compile(r".", re.DOTALL)
_BLANK_ESCAPES = frozenset({"\\n", "\\t", "\\r", "\\ ", "\\\n"})
_BLOCKS = ("|", ">")
_DEEPEST = 40
"""Lists and mappings inside one another; libyaml would go down until the stack is gone."""


class Places:
    """The *value* of one text, and where its parts stand; lines and columns count from 1.

    Raises:
        yaml.YAMLError: the text is no YAML.
        RecursionError: it is nested too deeply.
    """

    value: object

    def __init__(self, text: str) -> None:
        self._text = text
        _refuse_depth(text)
        loader = yaml.CSafeLoader(text)
        try:
            self._root = loader.get_single_node()
            self.value = loader.construct_document(self._root) if self._root else None
        finally:
            loader.dispose()

    def line(self, way: Sequence[str | int]) -> int:
        """Return the line of the value at *way*, or of the nearest that exists around it; 0: the text as a whole."""
        node, line = self._root, 0
        for step in way:
            found = _inside(node, step)
            if found is None:
                return line
            line, node = found
        return line

    def twice(self) -> Iterator[tuple[str, int]]:
        """Yield each key that was written before in the same mapping, and its line."""
        waiting = [self._root]
        while waiting:
            node = waiting.pop()
            if isinstance(node, yaml.MappingNode):
                seen: set[str] = set()
                for key, value in node.value:
                    if str(key.value) in seen:
                        yield str(key.value), key.start_mark.line + 1
                    seen.add(str(key.value))
                    waiting.append(value)
            elif isinstance(node, yaml.SequenceNode):
                waiting += node.value

    def within(self, key: str, line: int, column: int) -> tuple[int, int]:
        """Return where the character stands that is at *line* and *column* of the top-level value *key*.

        YAML folds lines, strips indentation and undoes escapes, but it neither adds nor drops visible characters: so
        they are counted.
        """
        found = _inside(self._root, key)
        assert found is not None, "only what stands in the text has a place in it"
        node = found[1]
        assert isinstance(node, yaml.ScalarNode), "expressions are scalars"
        lines = node.value.split("\n")
        offset = sum(len(each) + 1 for each in lines[: line - 1]) + column - 1
        ahead = sum(not character.isspace() for character in node.value[:offset])
        at_blank = not node.value[offset : offset + 1].strip()
        place = self._visible(node, ahead - 1) + 1 if at_blank and ahead else self._visible(node, ahead)
        before = self._text[:place]
        return before.count("\n") + 1, place - (before.rfind("\n") + 1) + 1

    def _visible(self, node: yaml.ScalarNode, number: int) -> int:
        """Return the index in the text of the visible character of *node* with that *number*, from 0."""
        start, end = node.start_mark.index, node.end_mark.index
        if node.style in _BLOCKS:
            start = self._text.index("\n", start) + 1
        elif node.style:
            start += 1
        for token in _TOKENS.get(node.style or "", _PLAIN).finditer(self._text, start, end):
            if token[0].isspace() or token[0] in _BLANK_ESCAPES:
                continue
            if number == 0:
                return token.start()
            number -= 1
        return end


def _refuse_depth(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise RecursionError(f"more than {_DEEPEST} levels")


def _inside(node: yaml.Node | None, step: str | int) -> tuple[int, yaml.Node] | None:
    """Return the line and the node that *step* leads to from *node*."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line + 1, node.value[step]
    return None

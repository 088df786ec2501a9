"""What libyaml's complaints mean, in the words of the person who made the mistake."""

from __future__ import annotations

import yaml

from monitor.settings.mistakes import Mistake
from rules.text import Text

_QUOTE = Text("含有冒号、# 等符号的文字请加引号", "quote text that holds a colon, # and the like")
_INDENT = Text("请检查这一行和上一行的缩进", "check the indentation of this line and the one above")
_CLOSE = Text("请检查引号和括号是否成对", "check that quotes and brackets are closed")
_SPACES = Text("请用空格缩进，不要用制表符", "indent with spaces, not tabs")

_CURES = {
    "mapping values are not allowed in this context": _QUOTE,
    "could not find expected ':'": Text("键后面要有冒号和空格", "a key is followed by a colon and a space"),
    "did not find expected key": _INDENT,
    "did not find expected '-' indicator": _INDENT,
    "block sequence entries are not allowed in this context": _INDENT,
    "did not find expected <document start>": _INDENT,
    "found character that cannot start any token": _SPACES,
    "found a tab character that violates indentation": _SPACES,
    "found unexpected end of stream": _CLOSE,
    "did not find expected ',' or ']'": _CLOSE,
    "did not find expected ',' or '}'": _CLOSE,
    "did not find expected node content": _CLOSE,
    "found unknown escape character": Text("请改用单引号", "use single quotes"),
}


def syntax_mistake(file: str, error: yaml.YAMLError) -> Mistake:
    """Return *error* as a mistake with its place."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return Mistake(file, 0, 0, Text("不是合法的 YAML", "not valid YAML"))
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    problem = error.problem or "not valid YAML"
    cure = _CURES.get(problem, Text("请检查语法", "check the syntax"))
    return Mistake(file, line, column, Text("YAML 语法错误", f"not valid YAML: {problem}"), cure)

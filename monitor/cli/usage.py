"""How a command was written wrongly, and how it is written, in the language of whoever wrote it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final

import typer
from typer.core import TyperGroup

from monitor.refusal import EX_FAILED, EX_USAGE, both
from probes.text import clean
from rules.text import Language, Text

_Telling = Callable[[re.Match[str]], Text]


def _value(what: Callable[[re.Match[str]], Text]) -> _Telling:
    """Return how to tell that a value, whose name comes first, is not what it should be."""

    def tell(met: re.Match[str]) -> Text:
        text = what(met)
        return Text(f"{met[1]} 的值不对：{text.zh}", f"the value of {met[1]} is wrong: {text.en}")

    return tell


def _listed(names: str) -> str:
    return names.replace("'", "")


NAME: Final = "diaolou"
_FORMATS: Final = (("%Y", "2026"), ("%m", "11"), ("%d", "03"), ("%H", "03"), ("%M", "12"), ("%S", "00"))


def _dated(formats: str) -> str:
    for sign, example in _FORMATS:
        formats = formats.replace(sign, example)
    return _listed(formats).rstrip(".")


# The library has one English sentence for each mistake, and its classes for them are its own affair.
_TELLINGS: Final[tuple[tuple[str, _Telling], ...]] = (
    (
        r"No such option: (\S+)(?: \(Possible options: (.+)\)| Did you mean (.+)\?)",
        lambda met: Text(
            f"没有选项 {met[1]}；是否应为 {met[2] or met[3]}？", f"no option {met[1]}; did you mean {met[2] or met[3]}?"
        ),
    ),
    (r"No such option: (\S+)", lambda met: Text(f"没有选项 {met[1]}", f"no option {met[1]}")),
    (r"No such command '(.*)'", lambda met: Text(f"没有命令 {met[1]}", f"no command {met[1]}")),
    (r"Missing argument '(.*)'", lambda met: Text(f"缺少参数 {met[1]}", f"the argument {met[1]} is missing")),
    (r"Missing option '(.*)'", lambda met: Text(f"缺少选项 {met[1]}", f"the option {met[1]} is missing")),
    (r"Missing command", lambda _: Text("缺少命令", "a command is missing")),
    (r"Option '(.*)' requires", lambda met: Text(f"{met[1]} 后面要写一个值", f"{met[1]} needs a value")),
    (r"Option '(.*)' does not take", lambda met: Text(f"{met[1]} 后面不写值", f"{met[1]} takes no value")),
    (r"Got unexpected extra argument\S* \((.*)\)", lambda met: Text(f"多写了 {met[1]}", f"{met[1]} is too much")),
    (
        r"Invalid value for '(.*?)': (?:Value error, )?'(.*)' is not one of (.*?)\.?$",
        _value(lambda met: Text(f"“{met[2]}”不是 {_listed(met[3])} 之一", f'"{met[2]}" is none of {_listed(met[3])}')),
    ),
    (
        r"Invalid value for '(.*?)': (?:Value error, )?'(.*)' does not match the formats? (.*)",
        _value(lambda met: Text(f"“{met[2]}”应写如 {_dated(met[3])}", f'write "{met[2]}" like {_dated(met[3])}')),
    ),
    (
        r"Invalid value for '(.*?)': .*valid integer",
        _value(lambda _: Text("应为整数", "it must be a whole number")),
    ),
    (
        r"Invalid value for '(.*?)': .*valid number",
        _value(lambda _: Text("应为数字", "it must be a number")),
    ),
    (
        r"Invalid value for '(.*?)': (.*)",
        _value(lambda met: Text(f"不能这样写（{met[2]}）", met[2])),
    ),
)


class Commands(TyperGroup):
    """All commands; what is written wrongly ends with status 2, in one plain line and the cure."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command that *args*, or else the process's, ask for; the rest is as the library has it."""
        words = list(sys.argv[1:] if args is None else args)
        try:
            status = super().main(words, prog_name, complete_var, False, windows_expand_args, **extra)
        except typer.Abort:
            sys.exit(EX_FAILED)
        except typer.TyperException as fault:
            print(said(fault, words), file=sys.stderr)
            sys.exit(EX_USAGE)
        sys.exit(status if isinstance(status, int) else 0)


def said(fault: typer.TyperException, words: Sequence[str]) -> str:
    """Return what is wrong with *words* and how to find out what is right, in the language they ask for, or in both."""
    wrong = " ".join(fault.format_message().split())
    if not wrong:
        # Nothing was asked for, and what there is has been shown.
        return ""
    text, context = _told(wrong), getattr(fault, "ctx", None)
    way = f"{context.command_path if context else NAME} --help"
    full = Text(f"{text.zh}；用法见 {way}", f"{text.en}; {way} tells how it is written")
    language = _language(words)
    return full.into(language) if language else both(full)


def _told(wrong: str) -> Text:
    for pattern, tell in _TELLINGS:
        if (met := re.match(pattern, wrong)) is not None:
            text = tell(met)
            return Text(clean(text.zh), clean(text.en))
    return Text(f"命令写得不对（{clean(wrong)}）", clean(wrong))


def _language(words: Sequence[str]) -> Language | None:
    """Return the language asked for among *words*, however wrong the rest of them is."""
    for word, after in zip(words, (*words[1:], ""), strict=True):
        asked = after if word == "--lang" else word.removeprefix("--lang=")
        if asked in set(Language) and asked != word:
            return Language(asked)
    return None

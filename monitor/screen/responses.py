"""Playbooks and responses, listed or one by one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from rich.console import Console
from rich.text import Text as Line

from exporters.words import word
from monitor.configuration import Known
from monitor.screen.handled import deed_line
from monitor.screen.terminal import local, plain, table
from rules.playbook import Playbook
from rules.response import Owed, Response, owed
from rules.text import Language, Text

BOOKS = (Text("剧本", "playbook"), Text("用于", "for"), Text("步骤", "steps"))
RESPONSES = (
    Text("编号", "number"),
    Text("事件", "incident"),
    Text("剧本", "playbook"),
    Text("定级", "grade"),
    Text("知悉", "known since"),
    Text("状态", "state"),
)


def show_playbooks(console: Console, books: Iterable[Playbook], language: Language) -> None:
    """Print which playbooks there are."""
    shown = table(Text("应急剧本", "Playbooks").into(language), BOOKS, language)
    for book in books:
        name = Line(book.id, style="bold").append(f"\n{book.title.into(language)}", style="not bold")
        shown.add_row(name, plain(book.when.into(language)), plain(len(book.steps)))
    console.print(shown)


def show_responses(console: Console, known: Known, found: Iterable[Response], language: Language) -> None:
    """Print which responses there are."""
    shown = table(Text("应急处置", "Responses").into(language), RESPONSES, language)
    for each in found:
        state = Text("已结束", "closed") if each.closed else Text("处置中", "going on")
        shown.add_row(
            plain(each.number),
            plain(each.opening.about),
            plain(each.opening.playbook),
            plain(word(each.grade, language) if each.grade else "—"),
            plain(local(each.opening.since, known.config.daemon.time_zone)),
            plain(state.into(language)),
        )
    console.print(shown)


def show_playbook(console: Console, book: Playbook, language: Language) -> None:
    """Print what a playbook asks for."""
    console.print(Line(f"{book.id}  {book.title.into(language)}", style="bold"))
    console.print(plain(book.when.into(language)), style="dim")
    _steps(console, book, {}, language)


def show_response(
    console: Console, known: Known, response: Response, book: Playbook | None, now: dt.datetime, language: Language
) -> None:
    """Print one response: its steps, the reports it calls for, and its timeline."""
    grade = word(response.grade, language) if response.grade else Text("未定级", "not graded").into(language)
    console.print(Line(f"{response.number}  {response.opening.about}  {grade}", style="bold"))
    if book is not None:
        _steps(console, book, {id_: deed.who for id_, deed in response.steps.items()}, language)
    for each in owed(response, known.config.duties):
        console.print(_owed(each, known, now, language), soft_wrap=True)
    for deed in response.deeds:
        console.print(deed_line(deed, known, language), soft_wrap=True)


def _steps(console: Console, book: Playbook, done: Mapping[str, str], language: Language) -> None:
    for step in book.steps:
        line = Line("  ✓ " if step.id in done else "  · ", style="green" if step.id in done else "dim")
        line.append(step.id, style="bold").append(f"  {step.title.into(language)}", style="default")
        asked = Text("凭据：", "proof: ").into(language) + word(step.proof, language)
        optional = Text("，可选", ", optional").into(language) if step.optional else ""
        line.append(Text(f"（{asked}{optional}）", f" ({asked}{optional})").into(language), style="dim")
        console.print(line, soft_wrap=True)
        if step.id not in done:
            console.print(plain(f"      {step.do.into(language)}"), soft_wrap=True)


def _owed(each: Owed, known: Known, now: dt.datetime, language: Language) -> Line:
    due = local(each.due, known.config.daemon.time_zone)
    head = Text(f"  报告 {each.duty.id}：", f"  report {each.duty.id}: ").into(language)
    line = Line(head).append(f"{each.duty.title.into(language)} → {each.duty.to.into(language)}  {due}  ")
    if each.done is not None:
        line.append(
            Text("已报，逾期", "made, late").into(language) if each.late else Text("已报", "made").into(language)
        )
    elif each.overdue(now):
        line.append(Text("逾期未报", "overdue").into(language), style="bold red")
    else:
        line.append(Text("未报", "not yet").into(language), style="yellow")
    return line.append(f"  {word(each.duty.basis, language)}", style="dim")

"""The commands by which an incident is answered: a playbook begun, its steps and proofs, its grade and reports."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.notices import FormOption, OutputOption, write_page
from monitor.cli.reports import Format
from monitor.configuration import Known
from monitor.entrance import (
    DEFAULT,
    ByOption,
    ConfigOption,
    Directory,
    JsonOption,
    LangOption,
    WhyOption,
    acting_or_end,
    agency_or_end,
    end,
    known_or_end,
    now,
    signed,
    speech,
)
from monitor.refusal import EX_CONFIG, EX_FAILED, both, told
from monitor.settings import Mistakes
from probes.text import clean
from rules.deed import Deed, Move
from rules.playbook import Playbook
from rules.reporting import Grade
from rules.response import Opening, Response, owed
from rules.text import Text

NumberArgument = Annotated[str, typer.Argument(metavar="NUMBER", help="处置编号，如 R2026-001 / its number")]


def list_(
    directory: Directory = DEFAULT,
    past: Annotated[bool, typer.Option("--past", help="也列已结束的处置 / responses that are closed, too")] = False,
    lang: LangOption = None,
) -> None:
    """列出剧本与进行中的应急处置。List playbooks, and the responses that go on."""
    from monitor.commands.responses import everything
    from monitor.screen.responses import show_playbooks, show_responses
    from monitor.screen.terminal import terminal

    known = known_or_end(directory)
    language = speech(known, lang)
    show_playbooks(terminal(), _books(directory).values(), language)
    with acting_or_end(known, directory) as store:
        found = [each for each in everything(store).values() if past or each.closed is None]
    show_responses(terminal(), known, found, language)


def start(
    playbook: Annotated[str, typer.Argument(help="剧本 / the playbook")],
    about: Annotated[str, typer.Option("--about", help="什么事，哪个系统 / what happened, to what")],
    config: ConfigOption = DEFAULT,
    agency: Annotated[str, typer.Option(help="事发单位，默认本级 / whom it happened to; the city, if absent")] = "",
    since: Annotated[
        dt.datetime | None,
        typer.Option("--since", formats=["%Y-%m-%dT%H:%M"], help="知悉时刻，本地时间；默认此刻 / when it was known"),
    ] = None,
    grade: Annotated[Grade | None, typer.Option(help="定级 / its grade")] = None,
    by: ByOption = "",
    why: WhyOption = "",
) -> None:
    """启动应急处置。Begin a response."""
    from monitor.commands.responses import do
    from monitor.commands.responses import start as begin

    known, books = known_or_end(config), _books(config)
    if playbook not in books:
        end(f"没有剧本 {playbook} / there is no playbook {playbook}: {', '.join(books)}", EX_CONFIG)
    if not about.strip():
        end("请用 --about 写明事件 / say what happened, with --about", EX_FAILED)
    deed = signed(Move.RESPONSE_BEGUN, by, why)
    known_at = since.replace(tzinfo=known.config.daemon.time_zone).astimezone(dt.UTC) if since else deed.at
    if known_at > deed.at:
        end("知悉时刻不能在将来 / it cannot be known in the future", EX_CONFIG)
    code = agency_or_end(known, agency) or known.config.daemon.city
    opening = Opening(playbook, code, clean(about.strip(), 500), known_at)
    with acting_or_end(known, config) as store:
        response = begin(store, opening, deed, deed.at.astimezone(known.config.daemon.time_zone).date())
        if grade is not None:
            graded = replace(signed(Move.RESPONSE_GRADED, by, why), to=grade.value)
            response = do(store, response.number, graded, books, known.config.duties)
    _tell(response, known, books)


def step(
    number: NumberArgument,
    name: Annotated[str, typer.Argument(metavar="STEP", help="步骤 / the step")],
    config: ConfigOption = DEFAULT,
    file: Annotated[Path | None, typer.Option("--file", help="凭据文件，记其 SHA-256 / a file that proves it")] = None,
    by: ByOption = "",
    why: WhyOption = "",
) -> None:
    """完成一步，附说明或凭据。Write down that a step was done, with its proof."""
    from monitor.commands.responses import digest

    try:
        value = clean(digest(file)) if file else ""
    except OSError as fault:
        end(f"读不出 {file} / cannot be read: {fault.strerror}", EX_CONFIG)
    _do(number, config, replace(signed(Move.RESPONSE_STEP, by, why), to=name, value=value))


def note(number: NumberArgument, why: WhyOption, config: ConfigOption = DEFAULT, by: ByOption = "") -> None:
    """往时间线上记一笔。Note something on the timeline."""
    _do(number, config, signed(Move.RESPONSE_NOTED, by, why))


def grade(
    number: NumberArgument,
    level: Annotated[Grade, typer.Argument(help="定级 / the grade")],
    config: ConfigOption = DEFAULT,
    by: ByOption = "",
    why: WhyOption = "",
) -> None:
    """定级；报告时限随之算出，从知悉起算。Grade the incident, by which the times for its reports follow."""
    _do(number, config, replace(signed(Move.RESPONSE_GRADED, by, why), to=level.value))


def reported(
    number: NumberArgument,
    report: Annotated[str, typer.Argument(help="哪份报告 / which report")],
    why: WhyOption,
    config: ConfigOption = DEFAULT,
    by: ByOption = "",
) -> None:
    """登记已作的报告，--why 写文号或方式。Write down a report that was made, with its reference as --why."""
    _do(number, config, replace(signed(Move.RESPONSE_REPORTED, by, why), to=report))


def close(number: NumberArgument, config: ConfigOption = DEFAULT, by: ByOption = "", why: WhyOption = "") -> None:
    """结束处置；必做的步骤须已完成。Close a response, all of whose steps are done that must be."""
    _do(number, config, signed(Move.RESPONSE_CLOSED, by, why))


def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="处置编号，或剧本 / a response's number, or a playbook")],
    config: ConfigOption = DEFAULT,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """一起应急处置的步骤、报告与时间线；或一个剧本。A response with steps, reports and timeline; or a playbook."""
    from exporters.documenting import dumps
    from exporters.documents_underway import response_document
    from monitor.screen.responses import show_playbook, show_response
    from monitor.screen.terminal import terminal

    known, books = known_or_end(config), _books(config)
    if name in books:
        show_playbook(terminal(), books[name], speech(known, lang))
        return
    response = _response(known, config, name)
    book = books.get(response.opening.playbook)
    if as_json:
        print(dumps(response_document(response, book, owed(response, known.config.duties), now())))
    else:
        show_response(terminal(), known, response, book, now(), speech(known, lang))


def export(
    number: NumberArgument,
    config: ConfigOption = DEFAULT,
    form: FormOption = Format.HTML,
    lang: LangOption = None,
    output: OutputOption = None,
) -> None:
    """写出可打印的处置记录。Write the record of a response to print."""
    from exporters.response_page import render_response
    from monitor.commands.responses import page_of

    known, books = known_or_end(config), _books(config)
    language, response = speech(known, lang), _response(known, config, number)
    with acting_or_end(known, config) as store:
        page = page_of(known, store, response, books.get(response.opening.playbook), now())
    html = render_response(page, language)
    write_page(html, form, output or Path(f"diaolou-response-{number}-{language.value}.{form.value}"))


def _books(directory: Path) -> Mapping[str, Playbook]:
    from monitor.playbooks import load

    try:
        return load(directory)
    except Mistakes as found:
        end(told(found), EX_CONFIG)


def _response(known: Known, directory: Path, number: str) -> Response:
    from monitor.commands.responses import everything

    with acting_or_end(known, directory) as store:
        found = everything(store)
    if number not in found:
        end(f"没有处置 {number} / there is no response {number}", EX_CONFIG)
    return found[number]


def _do(number: str, config: Path, deed: Deed) -> None:
    from exporters.words import told as words
    from monitor.commands.responses import NoSuchResponse, Refused, do

    known, books = known_or_end(config), _books(config)
    with acting_or_end(known, config) as store:
        try:
            response = do(store, number, deed, books, known.config.duties)
        except NoSuchResponse:
            end(f"没有处置 {number} / there is no response {number}", EX_CONFIG)
        except Refused as refused:
            end(both(words(refused.why)), EX_FAILED)
    _tell(response, known, books)


def _tell(response: Response, known: Known, books: Mapping[str, Playbook]) -> None:
    from exporters.words import told as words

    last = response.deeds[-1]
    book = books.get(response.opening.playbook)
    left = len(response.left(book)) if book else 0
    print(f"{response.number} {both(words(last.move))} {last.to}".rstrip())
    print(both(Text(f"还有 {left} 步必做", f"steps left that must be done: {left}")))
    for each in owed(response, known.config.duties):
        if each.done is None:
            duty, due = each.duty, f"{each.due.astimezone(known.config.daemon.time_zone):%Y-%m-%d %H:%M}"
            print(f"  {duty.id}: {both(duty.title)} → {both(duty.to)}, {due} ({both(words(duty.basis))})")

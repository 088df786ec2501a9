"""The commands about rectification notices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.again import hasten, look_again
from monitor.cli.reports import Format
from monitor.configuration import Known
from monitor.entrance import (
    DEFAULT,
    ByOption,
    ConfigOption,
    JsonOption,
    LangOption,
    WhyOption,
    acting_or_end,
    agency_or_end,
    end,
    known_or_end,
    now,
    reading_or_end,
    signed,
    speech,
)
from monitor.refusal import EX_CONFIG, EX_FAILED, both
from monitor.store import Store
from rules.deed import Deed, Move
from rules.notice import Notice
from rules.policy import Level
from rules.text import Text

NumberArgument = Annotated[str, typer.Argument(metavar="NUMBER", help="通知编号 / the notice's number")]
OutputOption = Annotated[Path | None, typer.Option("--output", "-o", help="写到此文件 / write to this file")]
FormOption = Annotated[Format, typer.Option("--format", help="html 或 pdf / html or pdf")]


def issue(
    agency: Annotated[str, typer.Argument(help="单位代码 / the agency's code")],
    config: ConfigOption = DEFAULT,
    below: Annotated[bool, typer.Option("--below", help="含下级单位 / with the agencies below")] = False,
    level: Annotated[list[Level] | None, typer.Option(help="只含此级别，可重复 / only this level")] = None,
    until: Annotated[
        dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="整改期限 / the deadline; else the nearest one")
    ] = None,
    by: ByOption = "",
    why: WhyOption = "",
) -> None:
    """把一个单位未整改的隐患归为一份编号的限期整改通知。Issue a numbered notice of an agency's open findings."""
    from monitor.commands.notices import Asked
    from monitor.commands.notices import issue as issued

    known = known_or_end(config)
    tree = known.config.tree
    agency_or_end(known, agency)
    agencies = frozenset(tree.subtree(agency) if below else [agency])
    asked = Asked(agency, agencies, frozenset(level or Level), until.date() if until else None)
    with acting_or_end(known, config) as store, _or_end():
        notice = issued(store, asked, signed(Move.NOTICE_ISSUED, by, why), _today(known))
    _tell(notice)


def receive(number: NumberArgument, config: ConfigOption = DEFAULT, by: ByOption = "", why: WhyOption = "") -> None:
    """签收。Write down that the agency received it."""
    _do(config, number, signed(Move.NOTICE_RECEIVED, by, why))


def answer(number: NumberArgument, config: ConfigOption = DEFAULT, by: ByOption = "", why: WhyOption = "") -> None:
    """反馈整改情况（--why），随即安排复测。Write down the agency's answer; what it is about is looked at again."""
    known, notice = _do(config, number, signed(Move.NOTICE_ANSWERED, by, why))
    with acting_or_end(known, config) as store:
        hasten(known, store, notice.keys)


def retest(number: NumberArgument, config: ConfigOption = DEFAULT, by: ByOption = "", why: WhyOption = "") -> None:
    """复测：凭反馈之后的观测，全部通过或退回。Re-test: by looks later than the answer, all passed or returned."""
    from monitor.commands.notices import retest as retested
    from monitor.commands.notices import seen

    known = known_or_end(config)
    with acting_or_end(known, config) as store, _or_end():
        unseen = seen(store, number).unseen
        hasten(known, store, unseen)
    if unseen:
        look_again(config, known, unseen)
    with acting_or_end(known, config) as store, _or_end():
        if left := seen(store, number).unseen:
            waiting = Text(
                f"{len(left)} 项在反馈之后尚未看清，请稍后再试",
                f"{len(left)} findings were not seen for sure since the answer; try again later",
            )
            end(both(waiting), EX_FAILED)
        notice = retested(store, number, signed(Move.NOTICE_RETESTED, by, why))
    _tell(notice)


def close(number: NumberArgument, config: ConfigOption = DEFAULT, by: ByOption = "", why: WhyOption = "") -> None:
    """办结：只有复测通过的通知可以办结。Close a notice whose re-test found nothing any more."""
    _do(config, number, signed(Move.NOTICE_CLOSED, by, why))


def chase(
    config: ConfigOption = DEFAULT,
    ahead: Annotated[int, typer.Option(min=0, help="期限前几天起催办 / days before the deadline")] = 3,
    after: Annotated[int, typer.Option(min=0, help="超期几天后报送上级 / days behind it, then to the superior")] = 3,
    by: ByOption = "",
) -> None:
    """催办临期和超期的通知，久拖的报送上级；每天一次。Remind of notices due; superiors hear of those long overdue."""
    from monitor.commands.notices import Patience
    from monitor.commands.notices import chase as chased

    known = known_or_end(config)
    tree = known.config.tree
    sign: Callable[[Move], Deed] = lambda move: signed(move, by)  # noqa: E731 - a name would say no more
    with acting_or_end(known, config) as store:
        done = chased(store, tree, Patience(ahead, after), sign, _today(known))
    from exporters.words import told

    for deed in done:
        agency = tree.agencies.get(deed.to)
        people = (
            "; ".join(f"{contact.name} {contact.mail or contact.phone}" for contact in agency.contacts)
            if agency
            else ""
        )
        print(f"{deed.notice} {both(told(deed.move))} → {both(agency.name) if agency else deed.to} {people}".rstrip())


def list_(
    config: ConfigOption = DEFAULT,
    agency: Annotated[str, typer.Option(help="只列此单位及下级 / only this agency and those below")] = "",
    overdue: Annotated[bool, typer.Option("--overdue", help="只列超期的 / only those overdue")] = False,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """列出整改通知。List notices."""
    from exporters.documenting import dumps
    from exporters.documents_deeds import notice_document
    from monitor.commands.notices import everything
    from monitor.screen.notices import show_notices
    from monitor.screen.terminal import terminal

    known = known_or_end(config)
    today = _today(known)
    below = frozenset(known.config.tree.subtree(agency_or_end(known, agency))) if agency else None
    with reading_or_end(known, config) as store:
        found = [
            notice
            for notice in everything(store).values()
            if (below is None or notice.agency in below) and (not overdue or notice.overdue(today))
        ]
    if as_json:
        print(dumps([notice_document(notice, today) for notice in found]))
    else:
        show_notices(terminal(), known, found, today, speech(known, lang))


def show(
    number: NumberArgument, config: ConfigOption = DEFAULT, lang: LangOption = None, as_json: JsonOption = False
) -> None:
    """一份通知的隐患与办理经过。One notice: its findings, and what was done about it."""
    from exporters.documenting import dumps
    from exporters.documents_deeds import notice_document
    from monitor.commands.notices import of
    from monitor.screen.notices import show_notice
    from monitor.screen.terminal import terminal

    known = known_or_end(config)
    with reading_or_end(known, config) as store:
        notice = _known(store, number)
        findings = {finding.key: finding for finding in of(store, notice)}
    if as_json:
        print(dumps(notice_document(notice, _today(known))))
    else:
        show_notice(terminal(), known, notice, findings, _today(known), speech(known, lang))


def print_(
    number: NumberArgument,
    config: ConfigOption = DEFAULT,
    form: FormOption = Format.HTML,
    lang: LangOption = None,
    output: OutputOption = None,
) -> None:
    """写出可打印的整改通知，附回执。Write the notice to print, with its receipt."""
    from exporters.notice import render_notice
    from monitor.commands.notice_page import page_of

    known = known_or_end(config)
    language = speech(known, lang)
    with reading_or_end(known, config) as store:
        html = render_notice(page_of(known, store, _known(store, number)), language)
    write_page(html, form, output or Path(f"diaolou-notice-{number}-{language.value}.{form.value}"))


def circular(
    config: ConfigOption = DEFAULT, form: FormOption = Format.HTML, lang: LangOption = None, output: OutputOption = None
) -> None:
    """写出超期未整改情况的通报。Write the circular on overdue notices."""
    from exporters.notice import render_circular
    from monitor.commands.notice_page import circular_of

    known = known_or_end(config)
    language, today = speech(known, lang), _today(known)
    with reading_or_end(known, config) as store:
        found = circular_of(known, store, today)
    if not found.lines:
        print(both(Text("没有超期的通知", "no notice is overdue")))
        return
    path = output or Path(f"diaolou-circular-{today}-{language.value}.{form.value}")
    write_page(render_circular(found, language), form, path)


def write_page(html: str, form: Format, path: Path) -> None:
    """Write a page to print to *path*, in the shape asked for; what keeps it from that ends the command."""
    from exporters.report import PdfUnavailable, render_pdf
    from monitor.atomic import write_whole

    try:
        content = html.encode("utf-8") if form is Format.HTML else render_pdf(html)
    except (ValueError, PdfUnavailable) as fault:
        end(str(fault), EX_FAILED)
    write_whole(path, content)
    print(path)


def _do(config: Path, number: str, deed: Deed) -> tuple[Known, Notice]:
    from monitor.commands.notices import do

    known = known_or_end(config)
    with acting_or_end(known, config) as store, _or_end():
        notice = do(store, number, deed)
    _tell(notice)
    return known, notice


def _known(store: Store, number: str) -> Notice:
    from monitor.commands.notices import NoSuchNotice, everything

    with _or_end():
        if (notice := everything(store).get(number)) is None:
            raise NoSuchNotice(number)
        return notice


@contextmanager
def _or_end() -> Iterator[None]:
    """Do something about a notice; what cannot be done ends the command with the reason."""
    from exporters.words import told
    from monitor.commands.notices import NoSuchNotice, Refused

    try:
        yield
    except NoSuchNotice as nobodys:
        end(f"没有通知 {nobodys} / there is no notice {nobodys}", EX_CONFIG)
    except Refused as refused:
        end(both(told(refused.why)), EX_FAILED)


def _tell(notice: Notice) -> None:
    from exporters.words import told

    left = f" ({len(notice.remaining)}/{len(notice.keys)})" if notice.remaining else f" ({len(notice.keys)})"
    print(f"{notice.number} {notice.agency} {both(told(notice.state))}{left} → {notice.deadline}")


def _today(known: Known) -> dt.date:
    return now().astimezone(known.config.daemon.time_zone).date()

"""The commands by which people deal with findings; each is a line in a log that only grows."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.again import hasten, look_again
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
from rules.finding import Finding
from rules.handling import LONGEST_FALSE_POSITIVE
from rules.text import Text

KeyArgument = Annotated[
    str, typer.Argument(metavar="KEY", help="隐患编号，或 规则@目标#对象 / its id, or RULE@TARGET#SUBJECT")
]
UntilOption = Annotated[
    dt.datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="到哪一天 / until which day")
]


def acknowledge(key: KeyArgument, config: ConfigOption = DEFAULT, by: ByOption = "", why: WhyOption = "") -> None:
    """知悉：我们已看到此隐患。Acknowledge: we have seen this finding."""
    _do(config, key, signed(Move.ACKNOWLEDGED, by, why))


def assign(
    key: KeyArgument,
    to: Annotated[str, typer.Option("--to", help="负责人 / who is to mend it")],
    config: ConfigOption = DEFAULT,
    by: ByOption = "",
    why: WhyOption = "",
) -> None:
    """指派负责人。Say who is to mend it."""
    _do(config, key, replace(signed(Move.ASSIGNED, by, why), to=to.strip()))


def fixed(
    key: KeyArgument,
    config: ConfigOption = DEFAULT,
    by: ByOption = "",
    why: WhyOption = "",
    look: Annotated[bool, typer.Option(help="没有守护进程时，立即自行复测 / without a daemon, look at once")] = True,
) -> None:
    """申报已整改：立即复测，凭证据销号或退回。Claim it fixed: looked at once, and closed or sent back on evidence."""
    from monitor.commands.deeds import shown

    known = known_or_end(config)
    with acting_or_end(known, config) as store:
        finding = _done(known, store, key, signed(Move.CLAIMED_FIXED, by, why))
        hasten(known, store, [finding.key])
    if look and look_again(config, known, [finding.key]):
        with reading_or_end(known, config) as store:
            _tell_answer(shown(store, finding).handling.deeds[-1])


def false_positive(
    key: KeyArgument,
    until: UntilOption = None,
    config: ConfigOption = DEFAULT,
    by: ByOption = "",
    why: WhyOption = "",
) -> None:
    """标为误报，到期或取值变化即失效。Call it a false positive, until a day and as long as nothing changes."""
    last = until.date() if until else (now() + LONGEST_FALSE_POSITIVE / 2).date()
    _do(config, key, replace(signed(Move.FALSE_POSITIVE, by, why), until=last))


def comment(key: KeyArgument, why: WhyOption, config: ConfigOption = DEFAULT, by: ByOption = "") -> None:
    """写一条备注。Add a remark."""
    _do(config, key, signed(Move.COMMENTED, by, why))


def extend(
    key: KeyArgument,
    until: UntilOption = None,
    grant: Annotated[bool, typer.Option("--grant", help="批准他人的申请 / grant what another asked for")] = False,
    config: ConfigOption = DEFAULT,
    by: ByOption = "",
    why: WhyOption = "",
) -> None:
    """申请延期（--until），或由另一人批准（--grant）。Ask for a later deadline, or grant what another asked for."""
    if grant == (until is not None):
        end("请写 --until 或 --grant 之一 / write one of --until and --grant", EX_CONFIG)
    deed = signed(Move.EXTENDED if grant else Move.EXTENSION_ASKED, by, why)
    _do(config, key, replace(deed, until=until.date() if until else None))


def show(
    key: KeyArgument, config: ConfigOption = DEFAULT, lang: LangOption = None, as_json: JsonOption = False
) -> None:
    """一项隐患及其处置经过。One finding, and what was done about it."""
    from exporters.documenting import dumps
    from exporters.documents_deeds import handled_document
    from monitor.commands.deeds import shown
    from monitor.screen.handled import show_handled
    from monitor.screen.terminal import terminal

    known = known_or_end(config)
    today = now().astimezone(known.config.daemon.time_zone).date()
    with reading_or_end(known, config) as store:
        handled = shown(store, _named(store, key))
    if as_json:
        print(dumps(handled_document(handled.finding, handled.handling, today)))
    else:
        show_handled(terminal(), known, handled.finding, handled.handling, speech(known, lang))


def verify(
    directory: Directory = DEFAULT,
    seal: Annotated[str, typer.Option(help="以前记下的末行封印，查它是否还在 / a seal noted earlier")] = "",
) -> None:
    """逐行核对处置日志的封印；断裂时指出是哪一行，退出码 1。Hold every line of the log of deeds against its seal."""
    from monitor.commands.deeds import verify as verified

    known = known_or_end(directory)
    with reading_or_end(known, directory) as store:
        found = verified(store, seal)
    if found.breach is not None:
        number = found.breach.number
        missing = Text(f"处置日志缺第 {number} 行", f"line {number} of the log of deeds is missing")
        changed = Text(f"处置日志第 {number} 行被改动过", f"line {number} of the log of deeds was changed")
        end(both(missing if found.breach.missing else changed), EX_FAILED)
    if found.known is False:
        end(
            both(Text("日志里没有这个封印：末尾被截去过", "that seal is not in the log: it was cut off")),
            EX_FAILED,
        )
    print(both(Text(f"处置日志完好，共 {found.lines} 行", f"the log of deeds is whole: {found.lines} lines")))
    if found.seal:
        print(found.seal)


def _do(config: Path, key: str, deed: Deed) -> None:
    known = known_or_end(config)
    with acting_or_end(known, config) as store:
        _done(known, store, key, deed)


def _done(known: Known, store: Store, key: str, deed: Deed) -> Finding:
    """Do *deed* on the finding meant by *key*, and tell so."""
    from exporters.words import told
    from monitor.commands.deeds import Objected, do

    finding = _named(store, key)
    try:
        entry = do(store, finding, deed)
    except Objected as objected:
        end(both(told(objected.why)), EX_FAILED)
    until = f" → {entry.deed.until}" if entry.deed.until else ""
    title = known.rules[finding.key.rule].title if finding.key.rule in known.rules else Text("", "")
    place = f"{finding.key.id} {finding.key.target} {finding.key.subject}".rstrip()
    print(f"{place}（{both(title)}）：{both(told(deed.move))}{until} [{entry.number}]")
    return finding


def _named(store: Store, key: str) -> Finding:
    from monitor.commands.deeds import Unclear, named

    try:
        return named(store.findings(withdrawn=True), key)
    except Unclear as unclear:
        if not unclear.findings:
            end(f"没有隐患 {key} / there is no finding {key}", EX_CONFIG)
        places = "\n".join(f"  {each.key.id} {each.key.target} {each.key.subject}" for each in unclear.findings[:20])
        end(f"{key} 指的不止一项隐患 / {key} means several findings:\n{places}", EX_CONFIG)


def _tell_answer(last: Deed) -> None:
    from exporters.words import told

    if last.move in (Move.VERIFIED, Move.SENT_BACK):
        print(f"{both(told(last.move))}: {last.why}")
    else:
        print(both(Text("复测尚无结论", "the re-test has decided nothing yet")))

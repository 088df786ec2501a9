"""The command that tells what was sent to whom and when."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from monitor.entrance import (
    DEFAULT,
    ConfigOption,
    JsonOption,
    LangOption,
    agency_or_end,
    known_or_end,
    now,
    one_form,
    reading_or_end,
    speech,
)

_FORMATS = ["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]

WhoArgument = Annotated[
    str,
    typer.Argument(metavar="[HOST]", help="目标、地址或网段；不写为全部 / target, address, prefix; or all"),
]
SinceOption = Annotated[
    dt.datetime | None,
    typer.Option(formats=_FORMATS, help="从此时起，默认一天前 / from then on; or a day ago"),
]
UntilOption = Annotated[
    dt.datetime | None, typer.Option(formats=_FORMATS, help="到此时为止（不含）/ until then, excluded")
]

USUAL = dt.timedelta(days=1)
"""How far back is told where nobody says."""


def ledger(
    who: WhoArgument = "",
    config: ConfigOption = DEFAULT,
    since: SinceOption = None,
    until: UntilOption = None,
    agency: Annotated[str, typer.Option(help="只列此单位及下级 / only this agency and those below")] = "",
    lang: LangOption = None,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="以 CSV 输出 / print CSV")] = False,
) -> None:
    """发包台账：何时向谁发了什么、多少，拒发了什么。What was sent to whom and when, and what was refused."""
    from exporters.documenting import dumps, utc
    from exporters.documents_ledger import LedgerDocument, ledger_csv, ledger_line_document
    from monitor.commands.ledger import Wanted, agency_of, chosen, totals
    from monitor.screen.ledger import show_ledger
    from monitor.screen.terminal import terminal

    one_form(as_json=as_json, as_csv=as_csv)
    known = known_or_end(config)
    zone = known.config.daemon.time_zone
    below = frozenset(known.config.tree.subtree(agency_or_end(known, agency))) if agency else None
    end = until.replace(tzinfo=zone) if until else now()
    begin = since.replace(tzinfo=zone) if since else end - USUAL
    with reading_or_end(known, config, measured=False) as store:
        lines = chosen(known, store, Wanted(begin, end, who, below))
    if not (as_json or as_csv):
        show_ledger(terminal(), lines, zone, speech(known, lang))
        return
    told = [
        ledger_line_document(each.line, agency_of(known, each.line.target), whole_day=each.whole_day) for each in lines
    ]
    if as_csv:
        print(ledger_csv(told), end="")
        return
    document: LedgerDocument = {
        "since": utc(begin),
        "until": utc(end),
        "packets": {what.value: count for what, count in totals(lines).items()},
        "lines": told,
    }
    print(dumps(document))

"""The commands that write reports."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from monitor.entrance import (
    DEFAULT,
    ConfigOption,
    LangOption,
    agency_or_end,
    end,
    known_or_end,
    now,
    reading_or_end,
    speech,
)
from monitor.refusal import EX_FAILED


class Format(StrEnum):
    """The shape of a report."""

    HTML = "html"
    PDF = "pdf"


def month(
    which: Annotated[str, typer.Argument(metavar="MONTH", help="月份，如 2026-11 / the month, as 2026-11")],
    config: ConfigOption = DEFAULT,
    agency: Annotated[str, typer.Option(help="单位代码；不写为全市 / an agency's code; all, if absent")] = "",
    form: Annotated[Format, typer.Option("--format", help="html 或 pdf / html or pdf")] = Format.HTML,
    lang: LangOption = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="写到此文件 / write to this file")] = None,
) -> None:
    """生成月报。Write the monthly report."""
    from exporters.report import PdfUnavailable, render_html, render_pdf
    from monitor.atomic import write_whole
    from monitor.commands.report import monthly

    known = known_or_end(config)
    daemon, language = known.config.daemon, speech(known, lang)
    about = agency_or_end(known, agency) or daemon.city
    try:
        with reading_or_end(known, config) as store:
            report = monthly(known, store, which, about, now())
        page = render_html(report, language, daemon.time_zone)
        content = page.encode("utf-8") if form is Format.HTML else render_pdf(page)
    except (ValueError, PdfUnavailable) as fault:
        end(str(fault), EX_FAILED)
    path = output or Path(f"diaolou-{about}-{which}-{language.value}.{form.value}")
    write_whole(path, content)
    print(path)

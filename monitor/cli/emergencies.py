"""The commands about incidents, and about who is told when something happens."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monitor.entrance import (
    DEFAULT,
    Directory,
    JsonOption,
    LangOption,
    known_or_end,
    now,
    reading_or_end,
    speech,
)


def incidents(directory: Directory = DEFAULT, lang: LangOption = None, as_json: JsonOption = False) -> None:
    """列出事件：因同一原因几乎同时出问题的目标。List incidents: targets that broke together for what they share."""
    from exporters.documenting import dumps
    from exporters.documents_deeds import incident_document
    from monitor.commands.status import current
    from monitor.screen.incidents import show_incidents
    from monitor.screen.terminal import terminal

    known = known_or_end(directory)
    with reading_or_end(known, directory) as store:
        found = current(known, store, now()).incidents
    if as_json:
        print(dumps([incident_document(incident) for incident in found]))
    else:
        show_incidents(terminal(), known, found, speech(known, lang))


def alertmanager(
    directory: Directory = DEFAULT,
    lang: LangOption = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="写到此文件 / write to this file")] = None,
) -> None:
    """由单位树和 alerting.yaml 生成 Alertmanager 的配置。Make Alertmanager's configuration of the agency tree."""
    from exporters.alertmanager import configuration
    from monitor.atomic import write_whole

    known = known_or_end(directory)
    config = known.config
    secret = Path(config.alerting.wecom.secret_file).read_text().strip() if config.alerting.wecom else ""
    text = configuration(config.tree, config.daemon.city, config.alerting, speech(known, lang), secret)
    if output is None:
        print(text, end="")
    else:
        write_whole(output, text.encode("utf-8"))
        print(output)

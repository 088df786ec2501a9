"""The commands about alerts: which there are, and answering for one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
    reading_or_end,
    signed,
    speech,
)
from monitor.refusal import EX_CONFIG, EX_FAILED, both
from rules.deed import Move
from rules.text import Text

AlertArgument = Annotated[
    str, typer.Argument(metavar="ID", help="告警编号或其开头四位以上 / its id, or at least four characters of that")
]


def list_(
    directory: Directory = DEFAULT,
    waiting: Annotated[bool, typer.Option("--waiting", help="只列无人认领的 / only those nobody answers for")] = False,
    past: Annotated[bool, typer.Option("--past", help="也列已解除的 / those that are over, too")] = False,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """列出告警：谁认领了，报到了第几级。List alerts: who answers for each, and how far up it was told."""
    from exporters.documenting import dumps
    from exporters.documents_underway import alert_document
    from monitor.commands.alerts import everything
    from monitor.screen.alerts import show_alerts
    from monitor.screen.terminal import terminal

    known = known_or_end(directory)
    with reading_or_end(known, directory) as store:
        found = [
            alert
            for alert in everything(store).values()
            if (past or alert.resolved is None) and (not waiting or alert.waiting)
        ]
    if as_json:
        print(dumps([alert_document(alert) for alert in found]))
        return
    if known.config.alerting.inbox is None:
        text = Text(
            "alerting.yaml 没有写 inbox：碉楼听不到告警，下面不代表没有告警",
            "alerting.yaml has no inbox: Diaolou hears of no alerts, and what follows does not mean there are none",
        )
        print(both(text))
    show_alerts(terminal(), known, found, speech(known, lang))


def acknowledge(key: AlertArgument, config: ConfigOption = DEFAULT, by: ByOption = "", why: WhyOption = "") -> None:
    """认领：由我处理，不再逐级上报。Answer for an alert: it is told no further up."""
    _do(key, config, Move.ALERT_ACKNOWLEDGED, by, why)


def close(key: AlertArgument, why: WhyOption, config: ConfigOption = DEFAULT, by: ByOption = "") -> None:
    """解除一条 Alertmanager 不会再提起的告警。Close an alert that Alertmanager will not speak of any more."""
    if not why.strip():
        end("请用 --why 写明理由 / say why, with --why", EX_FAILED)
    _do(key, config, Move.ALERT_RESOLVED, by, why)


def _do(key: str, config: Path, move: Move, by: str, why: str) -> None:
    from exporters.words import told
    from monitor.commands.alerts import NoSuchAlert, Objected, do

    known = known_or_end(config)
    with acting_or_end(known, config) as store:
        try:
            alert = do(store, key, signed(move, by, why))
        except NoSuchAlert as unclear:
            if not unclear.ids:
                end(f"没有告警 {key} / there is no alert {key}", EX_CONFIG)
            listed = "\n".join(f"  {id_}" for id_ in unclear.ids[:20])
            end(f"{key} 指的不止一条告警 / {key} means several alerts:\n{listed}", EX_CONFIG)
        except Objected as objected:
            end(both(told(objected.why)), EX_FAILED)
    print(f"{alert.id} {alert.signal.name} {alert.signal.host}".rstrip() + f": {both(told(move))}")

"""The commands that begin, end and show an emergency, 重保."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Annotated

import typer

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
    host_or_end,
    known_or_end,
    now,
    reading_or_end,
    signed,
    speech,
)
from monitor.refusal import EX_CONFIG, EX_FAILED, both
from monitor.screen.emergency import banner
from rules.deed import Move
from rules.emergency import ABOUT, LONGEST, Terms
from rules.text import Text


def on(
    until: Annotated[dt.datetime, typer.Option("--until", formats=["%Y-%m-%d"], help="最后一天 / the last day")],
    config: ConfigOption = DEFAULT,
    agency: Annotated[
        list[str] | None, typer.Option(help="只含此单位及下级，可重复 / this agency and below, repeatable")
    ] = None,
    target: Annotated[list[str] | None, typer.Option(help="只含此目标，可重复 / this target, repeatable")] = None,
    revisit: Annotated[
        float | None,
        typer.Option(min=0.01, max=1, help="复看间隔乘以它 / factor on times between looks"),
    ] = None,
    confirmations: Annotated[
        int | None, typer.Option(min=1, max=10, help="最多几次不合格就立项 / failures that open a finding, at most")
    ] = None,
    profile: Annotated[str, typer.Option(help="固定采用的策略档案 / a profile of the policy for all concerned")] = "",
    by: ByOption = "",
    why: WhyOption = "",
) -> None:
    """进入重保：看得更勤、立项更快，到期自动恢复。Begin an emergency: denser looks, quicker findings, till a day."""
    from monitor.commands.emergency import BadEnd, order

    known = known_or_end(config)
    if not why.strip():
        end("请用 --why 写明原因 / say why, with --why", EX_FAILED)
    terms = _terms(known, agency or [], target or [], profile)
    terms = replace(
        terms,
        revisit=terms.revisit if revisit is None else revisit,
        confirmations=terms.confirmations if confirmations is None else confirmations,
    )
    with acting_or_end(known, config) as store:
        try:
            deed = replace(signed(Move.EMERGENCY_BEGUN, by, why), about=ABOUT)
            emergency = order(store, terms, until.date(), deed, _today(known))
        except BadEnd:
            text = Text(
                f"最后一天须从今天起，最远 {LONGEST.days} 天", f"the last day is today or up to {LONGEST.days} days on"
            )
            end(both(text), EX_CONFIG)
    print(both(banner(emergency)))


def off(config: ConfigOption = DEFAULT, by: ByOption = "", why: WhyOption = "") -> None:
    """提前解除重保。Lift the emergency before its end."""
    from monitor.commands.emergency import NotNow, lift

    known = known_or_end(config)
    with acting_or_end(known, config) as store:
        try:
            lift(store, replace(signed(Move.EMERGENCY_LIFTED, by, why), about=ABOUT), _today(known))
        except NotNow:
            end("现在不在重保中 / no emergency is on", EX_FAILED)
    print("重保已解除 / the emergency was lifted")


def show(directory: Directory = DEFAULT, lang: LangOption = None, as_json: JsonOption = False) -> None:
    """是否在重保中，到哪天，改变了什么。Whether an emergency is on, until when, and what it changes."""
    from exporters.documenting import dumps
    from exporters.documents_underway import emergency_document
    from monitor.affairs import Affairs

    known = known_or_end(directory)
    with reading_or_end(known, directory) as store:
        emergency = Affairs(known.config, store).emergency(now())
    if as_json:
        print(dumps(emergency_document(emergency) if emergency else None))
        return
    text = banner(emergency) if emergency else Text("现在不在重保中", "no emergency is on")
    print(text.into(speech(known, lang)))


def _terms(known: Known, agencies: list[str], targets: list[str], profile: str) -> Terms:
    usual = known.config.emergency
    chosen = profile or usual.profile
    profiles = [each.name for each in known.config.policy.profiles]
    if chosen and chosen not in profiles:
        end(f"策略没有档案 {chosen} / the policy has no profile {chosen}: {', '.join(profiles) or '—'}", EX_CONFIG)
    return replace(
        usual,
        agencies=frozenset(agency_or_end(known, code) for code in agencies),
        targets=frozenset(host_or_end(known, host) for host in targets),
        profile=chosen,
    )


def _today(known: Known) -> dt.date:
    return now().astimezone(known.config.daemon.time_zone).date()

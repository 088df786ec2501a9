"""The commands that tell what is known: the city, its scores and findings, one host's past and the reasons."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated

import typer

from monitor.entrance import (
    DEFAULT,
    ConfigOption,
    Directory,
    HostArgument,
    JsonOption,
    LangOption,
    agency_or_end,
    end,
    host_or_end,
    known_or_end,
    now,
    one_form,
    reading_or_end,
    rule_or_end,
    speech,
)
from monitor.refusal import EX_FAILED, stopped_by
from rules.finding import State
from rules.policy import Level


class Which(StrEnum):
    """Which findings to list."""

    OPEN = "open"
    PENDING = "pending"
    CLOSED = "closed"
    ALL = "all"

    @property
    def states(self) -> tuple[State, ...]:
        """The states that it means."""
        return tuple(State) if self is Which.ALL else (State(self.value),)


def status(
    directory: Directory = DEFAULT,
    lang: LangOption = None,
    worst: Annotated[int, typer.Option(help="列出最严重的隐患数 / how many of the worst findings to list")] = 10,
    as_json: JsonOption = False,
) -> None:
    """按已有观测显示此刻的态势，不作探测。Show how the city stands by what is known; looks at nothing."""
    from exporters.documenting import dumps, posture_document
    from monitor.commands.status import current
    from monitor.screen.city import show
    from monitor.screen.emergency import banner
    from monitor.screen.terminal import terminal

    known = known_or_end(directory)
    language, daemon = speech(known, lang), known.config.daemon
    with reading_or_end(known, directory) as store:
        posture = current(known, store, now())
    halt = known.halt_file(directory).read()
    if as_json:
        print(dumps(posture_document(posture, stopped=halt is not None)))
        return
    show(terminal(), posture, language, worst)
    if (emergency := posture.underway.emergency) is not None:
        terminal().print(banner(emergency).into(language), style="bold yellow", markup=False)
    if halt is not None:
        terminal().print(stopped_by(halt, daemon.time_zone).into(language), style="bold yellow", markup=False)


def scores(
    directory: Directory = DEFAULT,
    host: Annotated[str, typer.Option(help="一个目标的分数由来 / what one target's score is made of")] = "",
    agency: Annotated[str, typer.Option(help="只列此单位及下级 / only this agency and those below")] = "",
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """各单位、各目标的风险、覆盖度与 IPv6 阶梯。Risk, coverage and IPv6 stage of every agency and target."""
    from exporters.documenting import dumps, host_document, scores_document
    from monitor.commands.status import current
    from monitor.screen.scores import show_host, show_scores
    from monitor.screen.terminal import terminal

    known = known_or_end(directory)
    below = frozenset(known.config.tree.subtree(agency_or_end(known, agency) or known.config.daemon.city))
    language, zone = speech(known, lang), known.config.daemon.time_zone
    if host:
        host_or_end(known, host)
    with reading_or_end(known, directory) as store:
        posture = current(known, store, now())
    if host:
        one = next(each for each in posture.hosts if each.target.host == host)
        if as_json:
            print(dumps(host_document(one, posture.at.date())))
        else:
            show_host(terminal(), one, posture, language, zone)
    elif as_json:
        print(dumps(scores_document(posture, below)))
    else:
        show_scores(terminal(), posture, below, language, zone)


def rollout(
    directory: Directory = DEFAULT,
    agency: Annotated[str, typer.Option(help="只看此单位及下级，并逐台列出 / only this agency, host by host")] = "",
    top: Annotated[int, typer.Option(min=1, help="列出最见效的几项 / how many remedies to list")] = 10,
    lang: LangOption = None,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="以 CSV 输出 / print CSV")] = False,
) -> None:
    """IPv6 推进：目标进度，改哪里最见效，还差什么。The IPv6 rollout: goals, what lifts most, what each host needs."""
    from exporters.documenting import dumps
    from exporters.documents_rollout import rollout_document, steps_csv
    from monitor.commands.status import current
    from monitor.rollout import rollout as drawn
    from monitor.screen.rollout import show_rollout
    from monitor.screen.terminal import terminal

    one_form(as_json=as_json, as_csv=as_csv)
    known = known_or_end(directory)
    chosen = agency_or_end(known, agency)
    with reading_or_end(known, directory) as store:
        posture = current(known, store, now())
        found = drawn(known, store, posture, chosen or known.config.daemon.city)
    if as_json:
        print(dumps(rollout_document(found)))
    elif as_csv:
        print(steps_csv(found.steps), end="")
    else:
        show_rollout(terminal(), found, posture, speech(known, lang), top, hosts=bool(chosen))


def findings(
    directory: Directory = DEFAULT,
    agency: Annotated[str, typer.Option(help="只列此单位及下级 / only this agency and those below")] = "",
    level: Annotated[list[Level] | None, typer.Option(help="只列此级别，可重复 / only this level")] = None,
    rule: Annotated[str, typer.Option(help="只列此规则 / only this rule")] = "",
    state: Annotated[Which, typer.Option(help="open、pending、closed 或 all")] = Which.OPEN,
    overdue: Annotated[bool, typer.Option("--overdue", help="只列超期的 / only those overdue")] = False,
    lang: LangOption = None,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="以 CSV 输出 / print CSV")] = False,
) -> None:
    """列出隐患：级别、单位、期限、是否豁免。List findings: level, agency, deadline, whether waived."""
    from exporters.documenting import dumps, finding_document
    from exporters.documents_csv import findings_csv
    from monitor.commands.findings import Wanted, chosen
    from monitor.screen.findings import show_findings
    from monitor.screen.terminal import terminal

    one_form(as_json=as_json, as_csv=as_csv)
    known = known_or_end(directory)
    agencies = frozenset(known.config.tree.subtree(agency_or_end(known, agency) or known.config.daemon.city))
    wanted = Wanted(agencies, frozenset(level or Level), rule_or_end(known, rule), frozenset(state.states), overdue)
    today = now().astimezone(known.config.daemon.time_zone).date()
    with reading_or_end(known, directory) as store:
        found = chosen(store, known.config.waivers, wanted, today)
    if as_json:
        print(dumps([finding_document(finding, today) for finding in found]))
    elif as_csv:
        print(findings_csv(found, today), end="")
    else:
        show_findings(terminal(), known, found, today, speech(known, lang))


def history(
    host: HostArgument,
    config: ConfigOption = DEFAULT,
    since: Annotated[dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="从此日起 / from this day on")] = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """一个目标的变化：何时看到什么，隐患何时立项、销号。What changed at one target, and what came of it."""
    from exporters.documenting import dumps
    from monitor.commands.history import document, past
    from monitor.screen.history import show_history
    from monitor.screen.terminal import terminal

    known = known_or_end(config)
    host_or_end(known, host)
    zone = known.config.daemon.time_zone
    begin = since.replace(tzinfo=zone) if since else None
    with reading_or_end(known, config) as store:
        changes = past(store, host, begin)
    if as_json:
        print(dumps(document(changes)))
    else:
        show_history(terminal(), known, changes, speech(known, lang))


def explain(
    host: HostArgument,
    rule: Annotated[str, typer.Argument(help="规则；不写为全部 / a rule; all, if absent")] = "",
    config: ConfigOption = DEFAULT,
    lang: LangOption = None,
) -> None:
    """说明对一个目标的每条结论：规则、取值与证据。Explain every verdict on a target: rule, values, witnesses."""
    from monitor.commands.explain import explain as explained
    from monitor.screen.explained import show_explained
    from monitor.screen.terminal import terminal

    known = known_or_end(config)
    host_or_end(known, host)
    rule_or_end(known, rule)
    with reading_or_end(known, config) as store:
        found = explained(known, store, host, now(), rule)
    if not found:
        end(f"还没有对 {host} 的结论 / nothing was concluded about {host} yet", EX_FAILED)
    show_explained(terminal(), known, found, speech(known, lang))

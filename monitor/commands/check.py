"""Whether a configuration can be used, and what in it deserves a second look."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from monitor import packs, playbooks
from monitor.issue import Issue, issue_of
from monitor.outfit import equip
from monitor.settings import Mistakes, checkup
from probes import registry
from rules.text import Text


def check(directory: Path, today: dt.date) -> list[Text]:
    """Return what was understood of the configuration in *directory*, and notes on it.

    Raises:
        RuleFaults: a rule cannot be used.
        Mistakes: the configuration has mistakes.
        Unequipped: what it names cannot be read.
    """
    issue = issue_of(directory, dt.datetime.now(dt.UTC))
    rules, probes = packs.understand(issue.rule_files()), registry.load()
    known_playbooks = playbooks.load(directory)
    report = checkup.check(directory, rules, probes, today, issue.policy)
    if report.config is None:
        raise Mistakes(report.mistakes)
    equip(report.config, Path(report.config.daemon.packets_socket))
    known = Text(
        f"配置无误：{len(rules)} 条规则，{len(probes)} 个探测项，{len(known_playbooks)} 个剧本",
        f"configuration is good: {len(rules)} rules, {len(probes)} probes, {len(known_playbooks)} playbooks",
    )
    return [known, *_installed(issue), *report.notes]


def _installed(issue: Issue) -> Iterator[Text]:
    if issue.bundle is not None:
        manifest, name = issue.bundle.manifest, issue.bundle.key.name
        yield Text(
            f"按已安装的策略 {manifest.version} 评判（{name} 签发，{manifest.effective} 起生效）；"
            "本目录的 policy.yaml 与 packs/ 不读",
            f"judged by the installed policy {manifest.version} (signed by {name}, in force since "
            f"{manifest.effective}); policy.yaml and packs/ here are not read",
        )

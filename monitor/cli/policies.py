"""The commands about rules and policy."""

from __future__ import annotations

import typer

from monitor.entrance import DEFAULT, Directory, end
from monitor.packs import RuleFaults
from monitor.refusal import EX_CONFIG, told
from rules.cases import Result


def run_cases(directory: Directory = DEFAULT) -> None:
    """运行每条规则自带的用例。Run the cases every rule brings along."""
    from monitor.commands import rule_cases

    try:
        results = rule_cases.run_cases(directory / "packs")
    except RuleFaults as faults:
        end(told(faults), EX_CONFIG)
    failed = [result for result in results if not result.holds]
    for result in failed:
        _tell(result)
    print(f"{len(results) - len(failed)} 个用例通过 passed, {len(failed)} 个失败 failed")
    raise typer.Exit(1 if failed else 0)


def _tell(result: Result) -> None:
    print(f"✗ {result.rule}: {result.case}")
    for subject in sorted({*result.expected, *result.actual}):
        wanted, got = result.expected.get(subject), result.actual.get(subject)
        if wanted != got:
            print(f"    {subject or '(整个目标 / whole target)'}: 应为 expected {wanted}, 得到 got {got}")

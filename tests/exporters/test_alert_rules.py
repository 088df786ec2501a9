from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporters.metrics import METRICS
from exporters.metrics_process import OWN

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "config" / "prometheus"
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")


CLASSES = frozenset(
    {
        "posture",
        "rollout",
        "certificate",
        "website",
        "data",
        "tower",
        "vantage",
        "incident",
        "rectification",
        "response",
        "escalation",
        "inhibitor",
    }
)


def load(folder: str) -> Iterator[dict[str, Any]]:
    for path in sorted((PROMETHEUS / folder).glob("*.yaml")):
        yield yaml.safe_load(path.read_text(encoding="utf-8"))


RULES = [rule for file in load("rules") for group in file["groups"] for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
CASES = [
    (case["alertname"], case["exp_alerts"])
    for file in load("tests")
    for test in file["tests"]
    for case in test["alert_rule_test"]
]


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["promtool", *arguments], cwd=PROMETHEUS, capture_output=True, text=True)


@pytest.mark.real
def test_prometheus_takes_the_sample_configuration_and_all_rules() -> None:
    checked = promtool("check", "config", "prometheus.yaml")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert f"{len(list(load('rules')))} rule files found" in checked.stdout


@pytest.mark.real
def test_the_cases_of_the_rules_hold() -> None:
    tested = promtool("test", "rules", *(str(path) for path in sorted((PROMETHEUS / "tests").glob("*.yaml"))))
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_is_silent() -> None:
    assert {name for name, raised in CASES if raised} == set(ALERTS)
    assert {name for name, raised in CASES if not raised} == set(ALERTS)


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_speaks_both_languages_and_leads_to_the_runbook(name: str) -> None:
    annotations = ALERTS[name]["annotations"]
    assert set(annotations) == {"summary_zh", "summary_en", "runbook"}
    assert re.search(r"[\u4e00-\u9fff]", annotations["summary_zh"])
    assert annotations["summary_en"].isascii()
    assert annotations["runbook"] == f"docs/runbook.md#{name.lower()}"
    assert f"\n### {name}\n" in RUNBOOK


@pytest.mark.parametrize("name", ALERTS)
def test_both_languages_say_the_same_numbers_and_names(name: str) -> None:
    zh, en = (_filled_in(ALERTS[name]["annotations"][f"summary_{each}"], each) for each in ("zh", "en"))
    assert zh == en


def _filled_in(text: str, language: str) -> set[str]:
    return {part.replace(f"name_{language}", "name") for part in re.findall(r"\{\{.*?\}\}", text)}


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_names_an_agency_as_people_do(name: str) -> None:
    annotations = " ".join(ALERTS[name]["annotations"].values())
    assert "$labels.agency" not in annotations
    assert ("$labels.name_" in annotations) == ("diaolou_agency_info" in ALERTS[name]["expr"])


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_is_graded_and_classed_from_closed_sets(name: str) -> None:
    labels = ALERTS[name]["labels"]
    assert labels["severity"] in {"critical", "warning", "info"}
    assert labels["class"] in CLASSES
    assert set(labels) == {"severity", "class"}


def test_the_runbook_describes_no_alert_that_does_not_exist() -> None:
    assert set(re.findall(r"^### (Diaolou\w+)$", RUNBOOK, re.MULTILINE)) == set(ALERTS)


def test_the_runbook_says_of_every_alert_what_it_means_and_what_to_do_in_both_languages() -> None:
    for section in RUNBOOK.split("\n### ")[1:]:
        name, _, text = section.partition("\n")
        assert text.count("**含义**") == text.count("**处置**") == 1, name
        assert text.count("**Meaning**") == text.count("**Action**") == 1, name


def test_rules_name_only_metrics_that_are_told() -> None:
    known = {metric.name for metric in (*METRICS, *OWN)} | {rule["record"] for rule in RULES if "record" in rule}
    asked = {name for rule in RULES for name in re.findall(r"\bdiaolou[a-z0-9_:]+\b(?!\")", rule["expr"])}
    assert asked - known == set()

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporters.dashboards import DASHBOARDS, render
from exporters.dashboards.grafana import COLUMNS
from exporters.metrics import METRICS
from exporters.metrics_process import OWN
from exporters.words import WORDS
from rules.policy import Level, Stage

CONFIG = Path(__file__).parents[2] / "config"
GRAFANA = CONFIG / "grafana"
FOREIGN = {"process_resident_memory_bytes", "ALERTS"}

each = pytest.mark.parametrize("name", DASHBOARDS)


def model(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(render(name))
    return loaded


def panels(name: str) -> list[dict[str, Any]]:
    return [panel for panel in model(name)["panels"] if panel["type"] != "row"]


def recorded() -> set[str]:
    """Return the names the recording rules make."""
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in (CONFIG / "prometheus" / "rules").iterdir()]
    return {rule["record"] for file in files for group in file["groups"] for rule in group["rules"] if "record" in rule}


def test_no_dashboard_is_committed_that_no_code_makes() -> None:
    assert {path.stem for path in (GRAFANA / "dashboards").iterdir()} == set(DASHBOARDS)


@each
def test_ids_are_unique_and_uids_stay_what_links_rely_on(name: str) -> None:
    ids = [panel["id"] for panel in model(name)["panels"]]
    assert len(ids) == len(set(ids))
    assert model(name)["uid"] == f"diaolou-{name}"


@each
def test_no_panel_lies_on_another_or_over_the_edge(name: str) -> None:
    places = [panel["gridPos"] for panel in model(name)["panels"]]
    for place in places:
        assert 0 <= place["x"] < place["x"] + place["w"] <= COLUMNS
        assert place["y"] >= 0
        assert place["h"] > 0
    for one, other in combinations(places, 2):
        apart = (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
        assert apart, (one, other)


@each
def test_rows_stand_in_order_above_their_panels(name: str) -> None:
    tops = [panel["gridPos"]["y"] for panel in model(name)["panels"]]
    assert tops == sorted(tops)
    assert model(name)["panels"][0]["type"] == "row"


@each
def test_every_panel_asks_the_data_source_that_is_provisioned(name: str) -> None:
    provisioned = yaml.safe_load((GRAFANA / "provisioning/datasources/diaolou.yaml").read_text(encoding="utf-8"))
    (source,) = provisioned["datasources"]
    asked = {"type": source["type"], "uid": source["uid"]}
    for panel in panels(name):
        assert panel["datasource"] == asked
        assert panel["targets"]
        for place, target in enumerate(panel["targets"]):
            assert target["datasource"] == asked
            assert target["refId"] == chr(ord("A") + place)
            assert target["instant"] is not target["range"]
            assert target["expr"]
    queried = [variable for variable in model(name)["templating"]["list"] if variable["type"] == "query"]
    assert all(variable["datasource"] == asked for variable in queried)


def test_the_provider_watches_a_folder_and_lets_nobody_edit() -> None:
    provided = yaml.safe_load((GRAFANA / "provisioning/dashboards/diaolou.yaml").read_text(encoding="utf-8"))
    (provider,) = provided["providers"]
    assert (provider["type"], provider["allowUiUpdates"]) == ("file", False)
    assert provider["options"]["path"].startswith("/")


@each
def test_panels_speak_chinese_first_and_then_english(name: str) -> None:
    titles = [model(name)["title"], *(panel["title"] for panel in model(name)["panels"])]
    odd = [title for title in titles if not re.search(r"[\u4e00-\u9fff].*[A-Za-z]{2}", title)]
    assert odd == []
    for panel in panels(name):
        zh, en = panel["description"].split("\n\n")
        assert re.search(r"[\u4e00-\u9fff]", zh)
        assert en.isascii()


@each
def test_every_query_names_only_metrics_that_exist(name: str) -> None:
    known = {metric.name for metric in (*METRICS, *OWN)} | recorded() | FOREIGN
    asked = {
        metric
        for panel in panels(name)
        for target in panel["targets"]
        for metric in re.findall(r"\b(?:diaolou[a-z0-9_:]+|process_\w+|ALERTS)\b(?!\")", target["expr"])
    }
    assert asked - known == set()


@each
def test_every_query_is_about_the_chosen_tower(name: str) -> None:
    for panel in panels(name):
        for target in panel["targets"]:
            assert "$tower" in target["expr"] or target["expr"] == "diaolou:ipv6_reachable_target_ratio"


@each
def test_tables_sort_by_a_column_they_have(name: str) -> None:
    for panel in panels(name):
        if panel["type"] == "table":
            (organised,) = [each for each in panel["transformations"] if each["id"] == "organize"]
            shown = set(organised["options"]["renameByName"].values())
            assert {each["displayName"] for each in panel["options"]["sortBy"]} <= shown
            assert {each["matcher"]["options"] for each in panel["fieldConfig"]["overrides"]} <= shown


def test_levels_and_stages_wear_their_words_and_colours() -> None:
    text = render("situation") + render("rollout")
    for each_set in (Level, Stage):
        for member in each_set:
            assert WORDS[each_set, member.value].zh in text


def test_the_level_variable_offers_every_level() -> None:
    (level,) = [each for each in model("situation")["templating"]["list"] if each["name"] == "level"]
    assert [option["value"] for option in level["options"]] == [level.value for level in Level]
    assert all(f" : {option['value']}" in level["query"] for option in level["options"])

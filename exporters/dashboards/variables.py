"""The variables a reader chooses by, and the selectors that heed them."""

from __future__ import annotations

from exporters.dashboards.grafana import DATASOURCE, Json, both
from exporters.words import WORDS
from rules.policy import Level
from rules.text import Text

TOWER = 'instance="$tower"'
AGENCY = f'{TOWER},agency=~"$agency"'
LEVEL = f'{AGENCY},level=~"$level"'

_ALL: Json = {"selected": True, "text": ["All"], "value": ["$__all"]}


def with_name(expr: str) -> str:
    """Return *expr*, whose series have an agency, with the agency's Chinese name as a further label."""
    return f"({expr}) * on (instance, agency) group_left (name_zh) diaolou_agency_info{{{TOWER}}}"


def with_title(expr: str) -> str:
    """Return *expr*, whose series have a rule, with the rule's Chinese title and its level as further labels."""
    return f"({expr}) * on (instance, rule) group_left (title_zh, level) diaolou_rule_info{{{TOWER}}}"


def _tower() -> Json:
    return {
        "name": "tower",
        "label": "碉楼 Tower",
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": "label_values(diaolou_city_info, instance)", "refId": "tower"},
        "definition": "label_values(diaolou_city_info, instance)",
        "refresh": 2,
        "sort": 1,
        "multi": False,
        "includeAll": False,
        "hide": 0,
        "options": [],
        "current": {},
    }


def _agency() -> Json:
    query = f"query_result(diaolou_agency_info{{{TOWER}}})"
    return {
        "name": "agency",
        "label": "单位 Agency",
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": query, "refId": "agency"},
        "definition": query,
        "regex": '/agency="(?<value>[^"]+)|name_zh="(?<text>[^"]+)/g',
        "refresh": 2,
        "sort": 0,
        "multi": True,
        "includeAll": True,
        "allValue": ".+",
        "hide": 0,
        "options": [],
        "current": _ALL,
    }


def _level() -> Json:
    choices = {both(WORDS[Level, level.value]): level.value for level in Level}
    return {
        "name": "level",
        "label": "级别 Level",
        "type": "custom",
        "query": ", ".join(f"{text} : {value}" for text, value in choices.items()),
        "multi": True,
        "includeAll": True,
        "allValue": ".+",
        "hide": 0,
        "options": [{"selected": False, "text": text, "value": value} for text, value in choices.items()],
        "current": _ALL,
    }


VARIABLES = (_tower(), _agency(), _level())
LABELS = {
    "agency": Text("单位代码", "Agency"),
    "name_zh": Text("单位", "Name"),
    "host": Text("主机", "Host"),
    "port": Text("端口", "Port"),
    "family": Text("协议族", "Family"),
    "probe": Text("探测", "Probe"),
    "rule": Text("规则代码", "Rule"),
    "title_zh": Text("规则", "Title"),
    "level": Text("级别", "Level"),
    "outcome": Text("结果", "Outcome"),
    "reason": Text("原因", "Reason"),
    "failure": Text("失败原因", "Failure"),
    "alertname": Text("告警", "Alert"),
    "alertstate": Text("状态", "State"),
    "severity": Text("严重程度", "Severity"),
    "vantage": Text("监测点", "Vantage"),
}


def labels(*names: str) -> dict[str, Text]:
    """Return the column titles of *names*, in their order."""
    return {name: LABELS[name] for name in names}

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry

from exporters.dashboards import DASHBOARDS
from exporters.metrics import Cache, render
from exporters.metrics_app import MetricsApp
from exporters.metrics_process import DaemonState, OwnMetrics
from tests.exporters.city import TREE, city
from tests.exporters.real_prometheus import Prometheus, prometheus, serving, wait_for
from tests.exporters.test_dashboards import model, panels

pytestmark = pytest.mark.real

NOW = dt.datetime.now(dt.UTC)
CITY = city(at=NOW)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    registry = CollectorRegistry()
    state = DaemonState("0.1.0", True, NOW, store_available=True, scanning_stopped=False, draw_seconds=0.1)
    OwnMetrics(registry, ["dns_address", "tcp_ports"], lambda: state)
    page = Cache().draw(CITY, NOW.date())
    app = MetricsApp(lambda: page, registry, lambda: True)
    with serving(app) as port, prometheus(tmp_path_factory.mktemp("prometheus"), port) as running:
        wait_for(lambda: running.query("diaolou_posture_timestamp_seconds") != [])
        seen = time.time()
        wait_for(lambda: last_evaluation(running) > seen + 2)
        wait_for(lambda: running.query("increase(diaolou_defects_total[1m])") != [])
        yield running


QUERIES = [
    pytest.param(target["expr"], id=f"{name}: {panel['title']} {target['refId']}")
    for name in DASHBOARDS
    for panel in panels(name)
    for target in panel["targets"]
]


@pytest.mark.parametrize("expr", QUERIES)
def test_a_panel_query_returns_data(expr: str, server: Prometheus) -> None:
    for variable, value in {
        "$tower": server.instance,
        "$agency": ".+",
        "$level": ".+",
        "$__rate_interval": "1m",
    }.items():
        expr = expr.replace(variable, value)
    assert "$" not in expr
    assert server.query(expr) != []


def test_every_sample_of_the_zipped_page_is_taken_in(server: Prometheus) -> None:
    told = sum(not line.startswith(b"#") for line in render(CITY, NOW.date()).splitlines())
    taken = server.query('count({__name__=~"diaolou_.+",job="diaolou"})')[0]["value"][1]
    assert int(taken) == told + own_samples(server)
    assert server.query("up")[0]["value"][1] == "1"


def last_evaluation(server: Prometheus) -> float:
    """Return when the rule group that lags most was last evaluated, in seconds since 1970."""
    moments = [group["lastEvaluation"][:19] for group in server.get("rules")["groups"]]
    return min(dt.datetime.fromisoformat(f"{moment}+00:00").timestamp() for moment in moments)


def own_samples(server: Prometheus) -> int:
    """Return how many of the samples are the daemon's own."""
    names = "diaolou_(looks|defects|schedule_misses|configuration|store|scanning|page|build).+"
    return len(server.query(f'{{__name__=~"{names}",job="diaolou"}}'))


def test_every_rule_evaluates_without_error(server: Prometheus) -> None:
    rules = [rule for group in server.get("rules")["groups"] for rule in group["rules"]]
    assert [(rule["name"], rule.get("lastError")) for rule in rules if rule["health"] != "ok"] == []


def test_the_variables_find_the_tower_and_the_agencies_by_name(server: Prometheus) -> None:
    tower, agency, _ = model("situation")["templating"]["list"]
    assert "label_values(diaolou_city_info, instance)" in tower["definition"]
    assert [each["metric"]["instance"] for each in server.query("diaolou_city_info")] == [server.instance]
    inner = re.fullmatch(r"query_result\((.+)\)", agency["definition"])
    assert inner is not None
    pattern = agency["regex"].removeprefix("/").removesuffix("/g").replace("(?<", "(?P<")
    found = {}
    for each in server.query(inner[1].replace("$tower", server.instance)):
        labels = ",".join(f'{name}="{value}"' for name, value in sorted(each["metric"].items()) if name != "__name__")
        matches = [match.groupdict() for match in re.finditer(pattern, f"diaolou_agency_info{{{labels}}} 1 0")]
        value, text = (next(match[part] for match in matches if match[part]) for part in ("value", "text"))
        found[value] = text
    assert found == {code: each.name.zh for code, each in TREE.agencies.items()}


def test_alerts_know_the_city_s_trouble(server: Prometheus) -> None:
    raised = {(each["metric"]["alertname"], each["metric"].get("host", "")) for each in server.query("ALERTS")}
    assert ("DiaolouCriticalFinding", "mail.edu.kp.test") in raised
    assert ("DiaolouCriticalFinding", "ledger.finance.kp.test") not in raised
    assert ("DiaolouIpv6Broken", "www.health.kp.test") in raised
    assert ("DiaolouIpv6Broken", "www.transport.kp.test") not in raised
    assert ("DiaolouCertificateExpired", "apply.civil.kp.test") in raised
    assert ("DiaolouWebsiteDownInOneFamily", "www.chikan.kp.test") in raised
    assert ("DiaolouVantageBlind", "") in raised

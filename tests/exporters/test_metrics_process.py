from __future__ import annotations

import datetime as dt
import subprocess

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from exporters.metrics_process import OWN, DaemonState, OwnMetrics

STATE = DaemonState(
    "0.1.0",
    configuration_valid=True,
    configuration_loaded=dt.datetime(2026, 11, 20, tzinfo=dt.UTC),
    store_available=False,
    scanning_stopped=False,
    draw_seconds=0.25,
    clock_jumps=0,
    corrupted_stores=0,
    unwritten=0,
    unwritten_lost=0,
    backlog={"tcp_ports": 3},
    undecodable={"tcp_ports": 1},
)


def told(state: DaemonState) -> tuple[OwnMetrics, CollectorRegistry]:
    registry = CollectorRegistry()
    return OwnMetrics(registry, ["tcp_ports"], lambda: state), registry


def test_a_probe_that_never_failed_has_a_counter_at_nothing() -> None:
    own, registry = told(STATE)
    assert registry.get_sample_value("diaolou_defects_total", {"probe": "tcp_ports"}) == 0
    own.defects.labels("tcp_ports").inc()
    assert registry.get_sample_value("diaolou_defects_total", {"probe": "tcp_ports"}) == 1


def test_the_state_is_asked_at_every_scrape() -> None:
    states = iter([DaemonState("1"), DaemonState("2")])
    registry = CollectorRegistry()
    OwnMetrics(registry, [], lambda: next(states))
    assert registry.get_sample_value("diaolou_build_info", {"version": "1"}) == 1
    assert registry.get_sample_value("diaolou_build_info", {"version": "2"}) == 1


def test_what_the_daemon_does_not_know_is_absent() -> None:
    _, registry = told(DaemonState("0.1.0"))
    page = generate_latest(registry)
    assert b"diaolou_build_info" in page
    for unknown in (b"configuration", b"store", b"scanning", b"draw", b"clock", b"unwritten", b"backlog", b"undecod"):
        assert b"diaolou_" + unknown not in page


def test_all_that_is_listed_is_told() -> None:
    _, registry = told(STATE)
    page = generate_latest(registry).decode()
    assert [metric.name for metric in OWN if f"# HELP {metric.name} {metric.text.zh} / " not in page] == []
    assert registry.get_sample_value("diaolou_store_available") == 0
    assert registry.get_sample_value("diaolou_configuration_valid") == 1
    assert registry.get_sample_value("diaolou_backlog_targets", {"probe": "tcp_ports"}) == 3


@pytest.mark.real
def test_promtool_finds_nothing_to_mend_in_our_own_metrics() -> None:
    _, registry = told(STATE)
    checked = subprocess.run(["promtool", "check", "metrics"], input=generate_latest(registry), capture_output=True)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")

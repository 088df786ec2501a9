from __future__ import annotations

import datetime as dt
import gzip
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from exporters.metrics import METRICS, Cache, deal, render
from exporters.metrics_looks import ANY_FAMILY
from exporters.posture import Access, HostPosture, Look, Posture
from probes.observation import GapReason
from probes.target import Family
from rules.agency import Agency, Tier, Tree
from rules.finding import State
from rules.policy import Stage
from rules.text import Text
from rules.verdict import Outcome
from tests.exporters.city import AT, PLANS, TODAY, city

Series = dict[frozenset[tuple[str, str]], float]

CITY = city()
GOLDEN = Path(__file__).parents[1] / "fixtures" / "metrics" / "two_hosts.txt"
NASTY = 'a"b\\c\nd{e}="f"'


def series(posture: Posture, name: str, today: dt.date = TODAY, /, **labels: str) -> Series:
    """Return the samples of one metric that bear *labels*, by their other labels."""
    return {
        frozenset(set(sample.labels.items()) - set(labels.items())): sample.value
        for family in text_string_to_metric_families(render(posture, today).decode())
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    }


def value(name: str, posture: Posture = CITY, /, **labels: str) -> float | None:
    """Return the one sample with exactly *labels*, None where there is none."""
    return series(posture, name, **labels).get(frozenset())


def host(name: str) -> HostPosture:
    return next(host for host in CITY.hosts if host.target.host == name)


def with_hosts(*hosts: HostPosture) -> Posture:
    return replace(CITY, hosts=hosts)


@pytest.mark.real
def test_promtool_finds_nothing_to_mend() -> None:
    checked = subprocess.run(["promtool", "check", "metrics"], input=render(CITY, TODAY), capture_output=True)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_the_page_of_two_hosts_reads_as_it_always_did() -> None:
    two = city([plan for plan in PLANS if plan.name in {"www.health.kp.test", "www.archive.kp.test"}])
    assert render(two, TODAY).decode() == GOLDEN.read_text(encoding="utf-8")


def test_no_two_samples_are_the_same_series() -> None:
    lines = [line.rpartition(" ")[0] for line in render(CITY, TODAY).decode().splitlines() if line[0] != "#"]
    assert len(lines) == len(set(lines))


def test_every_metric_is_told_of_in_a_realistic_city() -> None:
    told = {family.name for family in text_string_to_metric_families(render(CITY, TODAY).decode()) if family.samples}
    assert told == {metric.name for metric in METRICS}


def test_every_metric_says_what_it_is_in_both_languages() -> None:
    for metric in METRICS:
        assert f"# HELP {metric.name} {metric.text.zh} / {metric.text.en}\n" in metric.header()
        assert metric.text.zh
        assert metric.text.en.isascii()


def test_a_host_of_which_nothing_could_be_judged_has_no_risk() -> None:
    name = {"host": "www.archive.kp.test", "agency": "archive"}
    assert value("diaolou_host_risk_score", **name) is None
    assert value("diaolou_host_oldest_fact_timestamp_seconds", **name) is None
    assert value("diaolou_host_coverage_ratio", **name) == 0
    assert value("diaolou_agency_risk_score", agency="archive") is None
    assert value("diaolou_agency_rank", agency="archive") is None


def test_an_agency_without_hosts_is_covered_neither_well_nor_badly() -> None:
    assert value("diaolou_agency_coverage_ratio", city([]), agency="edu") is None
    assert value("diaolou_agency_hosts", city([]), agency="edu") == 0


def test_a_clean_host_has_a_risk_of_nothing_and_says_so() -> None:
    assert value("diaolou_host_risk_score", host="www.kp.test", agency="portal") == 0


@pytest.mark.parametrize(
    ("name", "agency", "stage", "unknown", "exempt"),
    [
        ("www.edu.kp.test", "edu", 0, 0, 0),
        ("www.health.kp.test", "health", 1, 0, 0),
        ("www.civil.kp.test", "civil", 2, 0, 0),
        ("pay.finance.kp.test", "finance", 3, 0, 0),
        ("zwfw.kp.test", "portal", 4, 0, 0),
        ("www.kp.test", "portal", 5, 0, 0),
        ("www.transport.kp.test", "transport", None, 1, 0),
        ("scada.transport.kp.test", "transport", None, 0, 1),
    ],
)
def test_a_host_stands_on_its_step_and_the_unknown_and_the_exempt_on_none(
    name: str, agency: str, stage: int | None, unknown: int, exempt: int
) -> None:
    labels = {"host": name, "agency": agency}
    assert value("diaolou_host_readiness_stage", **labels) == stage
    assert value("diaolou_host_readiness_unknown", **labels) == unknown
    assert value("diaolou_host_ipv6_exempt", **labels) == exempt


def test_the_steps_of_an_agency_add_up_to_its_hosts() -> None:
    for agency in (CITY.city, *CITY.agencies):
        code = agency.agency.code
        stages = series(CITY, "diaolou_agency_stage_hosts", agency=code)
        assert len(stages) == len(Stage) + 2
        assert sum(stages.values()) == value("diaolou_agency_hosts", agency=code) == agency.hosts


def test_what_fails_between_a_host_and_its_next_step_is_told_apart_from_what_is_unknown() -> None:
    blockers = series(CITY, "diaolou_host_readiness_blocker", host="www.health.kp.test")
    assert {dict(labels)["outcome"] for labels in blockers} == {"fail"}
    blockers = series(CITY, "diaolou_host_readiness_blocker", host="zwfw.kp.test")
    assert {dict(labels)["outcome"] for labels in blockers} == {"unknown"}


def test_waived_and_closed_findings_are_not_open_ones() -> None:
    name = {"host": "ledger.finance.kp.test", "agency": "finance"}
    assert value("diaolou_host_findings_open", level="critical", **name) == 0
    assert value("diaolou_host_findings_waived", **name) == 1
    assert value("diaolou_host_findings_overdue", **name) == 0
    mail = host("mail.edu.kp.test")
    closed = replace(mail, findings=tuple(replace(finding, state=State.CLOSED) for finding in mail.findings))
    assert (
        value("diaolou_host_findings_open", with_hosts(closed), host="mail.edu.kp.test", agency="edu", level="critical")
        == 0
    )


def test_a_deadline_passes_at_the_end_of_its_day() -> None:
    name = {"host": "api.health.kp.test", "agency": "health"}
    last_day = TODAY + dt.timedelta(days=3)
    overdue = "diaolou_host_findings_overdue"
    assert series(CITY, overdue, last_day, **name) == {frozenset(): 0}
    assert series(CITY, overdue, last_day + dt.timedelta(days=1), **name) == {frozenset(): 1}


def test_the_earliest_certificate_of_a_family_counts() -> None:
    apply = host("apply.civil.kp.test")
    later = replace(apply.certificates[1], address="2001:db8::9", not_after=AT + dt.timedelta(days=300))
    told = series(
        with_hosts(replace(apply, certificates=(later, *apply.certificates))),
        "diaolou_host_certificate_expiry_timestamp_seconds",
        host="apply.civil.kp.test",
        family="ipv6",
    )
    assert list(told.values()) == [(AT - dt.timedelta(days=4)).timestamp()]


def test_the_degradation_is_told_where_both_families_connect() -> None:
    met = (Access(443, Family.IPV4, 1.0, 0.1), Access(443, Family.IPV6, 0.8, 0.15), Access(80, Family.IPV6, 0.0, None))
    posture = with_hosts(replace(host("www.kp.test"), accesses=met))
    name = {"host": "www.kp.test", "agency": "portal"}
    assert value("diaolou_host_ipv6_degradation_ratio", posture, port="443", **name) == pytest.approx(0.5)
    assert value("diaolou_host_ipv6_degradation_ratio", posture, port="80", **name) is None
    assert value("diaolou_host_connect_seconds", posture, port="443", family="ipv6", **name) == 0.15
    assert value("diaolou_host_connect_seconds", posture, port="80", family="ipv6", **name) is None
    assert value("diaolou_host_connect_success_ratio", posture, port="80", family="ipv6", **name) == 0


def look(result: str, family: Family | None = Family.IPV6, seconds: float | None = None) -> dict[str, object]:
    """Return what is told of a host with one look: success, the failure, and the gap's reason."""
    posture = with_hosts(replace(host("www.kp.test"), looks=(Look("tcp_ports", family, result, seconds, AT),)))
    failures = series(posture, "diaolou_probe_failure")
    gaps = series(posture, "diaolou_probe_gaps")
    success = series(posture, "diaolou_probe_success")
    return {
        "success": next(iter(success.values()), None),
        "failure": next((dict(labels)["failure"] for labels in failures), None),
        "gap": next((dict(labels)["reason"] for labels in gaps), None),
    }


def test_a_look_succeeded_or_failed_or_could_not_be_made() -> None:
    assert look("ok") == {"success": 1, "failure": None, "gap": None}
    assert look("connection_timeout") == {"success": 0, "failure": "connection_timeout", "gap": None}
    assert look("quiet_hours") == {"success": None, "failure": None, "gap": "quiet_hours"}


def test_a_result_without_a_name_is_our_defect_and_no_label() -> None:
    assert look(NASTY) == {"success": None, "failure": None, "gap": GapReason.DEFECT}


def test_a_look_without_a_family_says_so() -> None:
    assert (
        value("diaolou_probe_success", host="www.kp.test", agency="portal", probe="dns_delegation", family=ANY_FAMILY)
        == 1
    )


def test_a_vantage_that_proved_nothing_is_neither_alive_nor_dead() -> None:
    assert value("diaolou_vantage_info", vantage="spare") == 1
    assert series(CITY, "diaolou_vantage_family_up", vantage="spare") == {}
    assert value("diaolou_vantage_resolver_up", vantage="spare") is None
    assert value("diaolou_vantage_checked_timestamp_seconds", vantage="spare") is None
    assert value("diaolou_vantage_family_up", vantage="sensor", family="ipv6") == 0


def test_a_first_run_still_going_is_not_called_incomplete() -> None:
    assert value("diaolou_campaign_complete", probe="tls_certificate") is None
    assert value("diaolou_campaign_finished_timestamp_seconds", probe="tls_certificate") is None
    assert value("diaolou_campaign_complete", probe="tcp_ports") == 0


def test_the_city_is_told_once_even_when_it_stands_among_its_agencies() -> None:
    assert render(replace(CITY, agencies=(CITY.city, *CITY.agencies)), TODAY) == render(CITY, TODAY)


@given(zh=st.text(min_size=1), en=st.text(min_size=1))
def test_any_name_comes_back_as_it_was(zh: str, en: str) -> None:
    tree = Tree.of([Agency("kp", Text(zh, en), Tier.COUNTY)])
    (labels,) = series(replace(CITY, tree=tree, hosts=()), "diaolou_agency_info")
    assert {("name_zh", zh), ("name_en", en)} <= labels


@pytest.mark.real
def test_quotes_and_line_breaks_in_labels_make_no_further_series() -> None:
    plain = host("www.health.kp.test")
    target = replace(plain.target, host=NASTY, agency=NASTY)
    tree = Tree.of([*CITY.tree.agencies.values(), Agency(NASTY, Text(NASTY, NASTY), Tier.TOWN, "kp")])
    nasty = replace(
        CITY, tree=tree, hosts=(replace(plain, target=target),), rules={NASTY: (NASTY, NASTY)}, incidents=()
    )
    page = render(nasty, TODAY)
    assert subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True).returncode == 0
    assert page.count(b"\n") == render(replace(nasty, hosts=(plain,), rules={"r": ("规", "r")}), TODAY).count(b"\n")
    assert list(series(nasty, "diaolou_host_risk_score")) == [frozenset({("host", NASTY), ("agency", NASTY)})]


def test_a_removed_host_leaves_no_series_behind() -> None:
    cache = Cache()
    cache.draw(CITY, TODAY)
    page = cache.draw(with_hosts(*CITY.hosts[1:]), TODAY).plain().decode()
    assert f'host="{CITY.hosts[0].target.host}"' not in page
    assert f'host="{CITY.hosts[1].target.host}"' in page


def test_the_zipped_page_is_the_page() -> None:
    page = Cache().draw(CITY, TODAY)
    assert gzip.decompress(page.zipped()) == page.plain()


@settings(max_examples=40)
@given(
    steps=st.lists(
        st.tuples(
            st.sets(st.sampled_from(range(len(CITY.hosts)))),
            st.integers(0, 2),
            st.dictionaries(st.sampled_from(range(len(CITY.hosts))), st.sampled_from(Outcome)),
        ),
        max_size=5,
    )
)
def test_the_kept_page_never_differs_from_one_drawn_anew(
    steps: list[tuple[set[int], int, Mapping[int, Outcome]]],
) -> None:
    cache = Cache()
    for present, days, changed in steps:
        hosts = [CITY.hosts[place] for place in sorted(present)]
        for place, outcome in changed.items():
            if place < len(hosts):
                hosts[place] = replace(hosts[place], verdicts={outcome: 7})
        posture, today = with_hosts(*hosts), TODAY + dt.timedelta(days=days)
        kept, anew = cache.draw(posture, today).plain(), render(posture, today)
        assert sorted(kept.splitlines()) == sorted(anew.splitlines())


def many(count: int) -> list[HostPosture]:
    return [
        replace(host, target=replace(host.target, host=f"h{number}.{host.target.host}"))
        for number in range(count)
        for host in [CITY.hosts[number % len(CITY.hosts)]]
    ]


def test_samples_of_a_metric_stand_together_however_many_shards_there_are() -> None:
    page = Cache().draw(with_hosts(*many(300)), TODAY).plain().decode()
    names = [line.split()[2] if line[0] == "#" else line.partition("{")[0].split()[0] for line in page.splitlines()]
    runs = [name for name, before in zip(names, [None, *names[:-1]], strict=True) if name != before]
    assert len(runs) == len(set(runs))


def test_one_changed_host_packs_one_shard_and_only_what_reads_differently() -> None:
    hosts = many(300)
    cache = Cache()
    before = cache.draw(with_hosts(*hosts), TODAY)
    hosts[5] = replace(hosts[5], verdicts={Outcome.PASS: 99})
    after = cache.draw(with_hosts(*hosts), TODAY)
    fresh = [new for new, old in zip(after.blocks, before.blocks, strict=True) if new is not old]
    assert [b"diaolou_host_verdicts" in block.text() for block in fresh] == [True]


def test_a_new_day_is_told_though_no_host_changed() -> None:
    cache = Cache()
    later = TODAY + dt.timedelta(days=365)
    assert cache.draw(CITY, TODAY).plain() != cache.draw(CITY, later).plain()
    assert sorted(cache.draw(CITY, later).plain().splitlines()) == sorted(render(CITY, later).splitlines())


def test_the_order_of_hosts_changes_no_block() -> None:
    hosts = many(300)
    cache = Cache()
    before = cache.draw(with_hosts(*hosts), TODAY)
    after = cache.draw(with_hosts(*reversed(hosts)), TODAY)
    assert all(new is old for new, old in zip(after.blocks, before.blocks, strict=True))


def test_hosts_are_dealt_so_that_none_is_lost_and_shards_stay_small() -> None:
    hosts = many(2000)
    shards = deal(hosts)
    assert sorted(host.target.host for shard in shards for host in shard) == sorted(host.target.host for host in hosts)
    assert max(map(len, shards)) < 80

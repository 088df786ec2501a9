"""What is under way, as metrics: told to whom it was told, under names that an alert rule can join."""

from __future__ import annotations

from dataclasses import replace

from prometheus_client.parser import text_string_to_metric_families

from exporters.metrics_underway import UNDERWAY_METRICS
from exporters.posture import Posture
from rules.alert import Alert
from rules.underway import NOTHING_UNDERWAY, Underway
from tests.exporters.affairs import ALERT
from tests.exporters.city import AT, city

CITY = city()
ROOT = CITY.city.agency.code


def samples(posture: Posture) -> dict[str, list[dict[str, str]]]:
    page = "".join(each.metric.header() + each.lines(posture) for each in UNDERWAY_METRICS)
    return {
        family.name: [sample.labels for sample in family.samples] for family in text_string_to_metric_families(page)
    }


def under(underway: Underway) -> Posture:
    return replace(CITY, underway=underway)


def test_each_step_names_whom_it_told() -> None:
    told = samples(CITY)["diaolou_alert_escalated"]
    assert [(each["alert"], each["step"], each["role"]) for each in told] == [
        (ALERT, "1", "technical"),
        (ALERT, "2", "lead"),
    ]


def test_what_was_answered_for_is_told_no_more() -> None:
    alert = CITY.underway.alerts[ALERT]
    answered = replace(alert, acknowledged=alert.raised)
    assert samples(under(replace(CITY.underway, alerts={ALERT: answered})))["diaolou_alert_escalated"] == []


def test_an_agency_that_left_leaves_its_alerts_and_reports_to_the_city() -> None:
    alert = CITY.underway.alerts[ALERT]
    gone = Alert(
        ALERT,
        replace(alert.signal, agency="gone"),
        alert.raised,
        told=tuple(replace(deed, to="gone") for deed in alert.told),
    )
    responses = {
        number: replace(each, opening=replace(each.opening, agency="gone"))
        for number, each in CITY.underway.responses.items()
    }
    told = samples(under(replace(CITY.underway, alerts={ALERT: gone}, responses=responses)))
    assert {(each["agency"], each["to"]) for each in told["diaolou_alert_escalated"]} == {(ROOT, ROOT)}
    for name in ("diaolou_response_open", "diaolou_report_due_timestamp_seconds"):
        assert [each["agency"] for each in told[name]] == [ROOT]


def test_a_report_that_was_made_is_due_no_more() -> None:
    (owed,) = CITY.underway.owed
    made = replace(owed, done=CITY.underway.alerts[ALERT].raised)
    assert made.overdue(AT) is False
    assert samples(under(replace(CITY.underway, owed=(made,))))["diaolou_report_due_timestamp_seconds"] == []


def test_where_nothing_is_heard_of_alerts_nothing_is_said_of_them() -> None:
    told = samples(under(NOTHING_UNDERWAY))
    assert told["diaolou_alerts"] == []
    assert told["diaolou_emergency_active"] == [{"profile": ""}]

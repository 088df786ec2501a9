"""What is told of alerts nobody answers for, of an emergency, and of reports that are owed."""

from __future__ import annotations

import datetime as dt

from exporters.metrics_city import told
from exporters.metrics_source import CityMetric, Samples, moment, of_city
from exporters.posture import Posture
from rules.alert import Alert, Severity


def _alerts(posture: Posture) -> Samples:
    if not posture.underway.hearing:
        return
    there = [alert for alert in posture.underway.alerts.values() if alert.resolved is None]
    for severity in Severity:
        for state, answered in (("waiting", False), ("acknowledged", True)):
            mine = [each for each in there if each.signal.severity is severity and (not each.waiting) is answered]
            yield (severity.value, state), len(mine)


def _code(posture: Posture, agency: str) -> str:
    """Return *agency*, or the city's where nothing else is told of it: it has none, or left the tree since."""
    known = {row.agency.code for row in told(posture)}
    return agency if agency in known else posture.city.agency.code


def _escalated(posture: Posture) -> Samples:
    for alert in _waiting(posture):
        for deed in alert.told:
            agency, to = _code(posture, alert.signal.agency), _code(posture, deed.to)
            yield (alert.id, alert.signal.name, agency, deed.value, to, deed.why), 1


def _waiting(posture: Posture) -> list[Alert]:
    return sorted((each for each in posture.underway.alerts.values() if each.waiting), key=lambda each: each.id)


def _emergency(posture: Posture) -> Samples:
    emergency = posture.underway.emergency
    yield (emergency.terms.profile if emergency else "",), int(emergency is not None)


def _emergency_end(posture: Posture) -> Samples:
    if (emergency := posture.underway.emergency) is not None:
        after = dt.datetime.combine(emergency.until + dt.timedelta(days=1), dt.time(), posture.at.tzinfo)
        yield from moment((), after)


def _responses(posture: Posture) -> Samples:
    for each in sorted(posture.underway.responses.values(), key=lambda each: each.number):
        if each.closed is None:
            grade = each.grade.value if each.grade else "ungraded"
            yield (each.number, _code(posture, each.opening.agency), each.opening.playbook, grade), 1


def _reports_due(posture: Posture) -> Samples:
    for each in posture.underway.owed:
        if each.done is None:
            agency = _code(posture, posture.underway.responses[each.response].opening.agency)
            yield (each.response, agency, each.duty.id, each.duty.basis.value), each.due.timestamp()


UNDERWAY_METRICS = (
    CityMetric(
        of_city(
            "alerts",
            "未解除的告警数，按级别，以及是否有人认领；未接收告警（alerting.yaml 没有 inbox）则无",
            "Alerts that are not over, by severity and by whether somebody answers; absent without inbox",
            "severity",
            "state",
        ),
        _alerts,
    ),
    CityMetric(
        of_city(
            "alert_escalated",
            "无人认领、已按第 step 级告知 to 单位 role 联系人的告警，恒为 1",
            "An alert nobody answers for, told at that step to the contacts of role at the agency to; always 1",
            "alert",
            "name",
            "agency",
            "step",
            "to",
            "role",
        ),
        _escalated,
    ),
    CityMetric(
        of_city("emergency_active", "重保中为 1，否则为 0", "1 during an emergency, else 0", "profile"),
        _emergency,
    ),
    CityMetric(
        of_city(
            "emergency_end_timestamp_seconds",
            "重保自动结束的时刻；不在重保中则无",
            "When the emergency ends by itself; absent outside of one",
        ),
        _emergency_end,
    ),
    CityMetric(
        of_city(
            "response_open",
            "未结束的应急处置，恒为 1",
            "A response that goes on; always 1",
            "response",
            "agency",
            "playbook",
            "grade",
        ),
        _responses,
    ),
    CityMetric(
        of_city(
            "report_due_timestamp_seconds",
            "分级事件尚未报告的报告时限；basis 为依据的来历，均非官方口径",
            "When a report of a graded incident not made yet is due; basis is what the term rests on, none is official",
            "response",
            "agency",
            "report",
            "basis",
        ),
        _reports_due,
    ),
)

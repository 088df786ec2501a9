"""What is told of incidents; a cause is named by a short id, because its own name comes from strangers."""

from __future__ import annotations

from exporters.metrics_source import CityMetric, Samples, of_city
from exporters.posture import Posture


def _targets(posture: Posture) -> Samples:
    return (((each.id, each.cause.kind.value), len(each.targets)) for each in posture.incidents)


def _hosts(posture: Posture) -> Samples:
    """Name each host once, in the largest of its incidents."""
    told = {host: (agency, each.id) for each in reversed(posture.incidents) for host, agency in each.targets.items()}
    # Incidents are drawn less often than hosts come and go.
    present = {host.target.host for host in posture.hosts}
    return (((host, *place), 1) for host, place in sorted(told.items()) if host in present)


INCIDENT_METRICS = (
    CityMetric(
        of_city(
            "incident_targets",
            "一起事件影响的目标数，按共同原因的种类",
            "Targets affected by an incident, with the kind of cause they share",
            "incident",
            "kind",
        ),
        _targets,
    ),
    CityMetric(
        of_city(
            "host_incident",
            "目标所属的事件，恒为 1；不在事件中则无",
            "The incident that a target is part of; always 1, absent without one",
            "host",
            "agency",
            "incident",
        ),
        _hosts,
    ),
)

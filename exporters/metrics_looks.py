"""What is told of each host's latest looks: did they succeed, why not, how long they took, when certificates end."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from exporters.metrics_source import CityMetric, HostMetric, Samples, flag, of_city, of_host
from exporters.posture import HostPosture, Look, Posture
from probes.observation import Failure, GapReason
from probes.target import Family

OK = "ok"
"""The result of a look that brought facts."""

ANY_FAMILY = "any"
"""Stands for the family of a look whose question is not about one."""

_FAILURES = {failure.value: failure for failure in Failure}
_REASONS = {reason.value: reason for reason in GapReason}


def _family(look: Look) -> str:
    return ANY_FAMILY if look.family is None else look.family.value


def _gap(look: Look) -> GapReason | None:
    """Return why *look* saw nothing, None when it saw something; a result without a name is a defect of ours."""
    if look.result == OK or look.result in _FAILURES:
        return None
    return _REASONS.get(look.result, GapReason.DEFECT)


def _success(host: HostPosture, _: dt.date) -> Samples:
    for look in host.looks:
        yield from flag((look.probe, _family(look)), look.result == OK if _gap(look) is None else None)


def _failure(host: HostPosture, _: dt.date) -> Samples:
    for look in host.looks:
        if look.result in _FAILURES:
            yield (look.probe, _family(look), look.result), 1


def _latency(host: HostPosture, _: dt.date) -> Samples:
    for look in host.looks:
        if look.seconds is not None:
            yield (look.probe, _family(look)), look.seconds


def _certificates(host: HostPosture, _: dt.date) -> Samples:
    first: dict[tuple[str, ...], dt.datetime] = {}
    for expiry in host.certificates:
        service = (str(expiry.port), expiry.family.value)
        first[service] = min(expiry.not_after, first.get(service, expiry.not_after))
    return ((service, not_after.timestamp()) for service, not_after in first.items())


def _success_share(host: HostPosture, _: dt.date) -> Samples:
    return (((str(each.port), each.family.value), each.rate) for each in host.accesses)


def _connecting(host: HostPosture, _: dt.date) -> Samples:
    for each in host.accesses:
        if each.seconds is not None:
            yield (str(each.port), each.family.value), each.seconds


def _degradation(host: HostPosture, _: dt.date) -> Samples:
    times = {(each.port, each.family): each.seconds for each in host.accesses}
    for port in sorted({port for port, _ in times}):
        four, six = times.get((port, Family.IPV4)), times.get((port, Family.IPV6))
        if four and six is not None:
            yield (str(port),), (six - four) / four


def _gaps(posture: Posture) -> Samples:
    counts = Counter(
        (host.target.agency, look.probe, _family(look), reason.value)
        for host in posture.hosts
        for look in host.looks
        if (reason := _gap(look)) is not None
    )
    return ((values, counts[values]) for values in sorted(counts))


LOOK_METRICS = (
    HostMetric(
        of_host(
            "probe_success",
            "最近一次探测成功为 1，失败为 0；未能探测则无",
            "1 when the latest look succeeded, 0 when it failed; absent if we could not look",
            "probe",
            "family",
        ),
        _success,
    ),
    HostMetric(
        of_host(
            "probe_failure",
            "最近一次探测失败的原因，恒为 1",
            "Why the latest look failed; always 1",
            "probe",
            "family",
            "failure",
        ),
        _failure,
    ),
    HostMetric(
        of_host(
            "probe_latency_seconds",
            "最近一次探测中最慢的成功应答所用时间",
            "Duration of the slowest good answer of the latest look",
            "probe",
            "family",
        ),
        _latency,
    ),
    HostMetric(
        of_host(
            "host_certificate_expiry_timestamp_seconds",
            "证书到期时刻，取该协议族各地址中最早者",
            "When the certificate ends; the earliest among the addresses of the family",
            "port",
            "family",
        ),
        _certificates,
    ),
    HostMetric(
        of_host(
            "host_connect_success_ratio",
            "反复试连成功的比例，0 至 1，取该协议族各地址中最差者",
            "Share of repeated connections that were made, 0 to 1; the worst among the addresses of the family",
            "port",
            "family",
        ),
        _success_share,
    ),
    HostMetric(
        of_host(
            "host_connect_seconds",
            "建立连接通常所需时间（中位数），取该协议族各地址中最慢者；一次未成则无",
            "Usual (median) time to connect; the slowest among the addresses of the family; absent where none was made",
            "port",
            "family",
        ),
        _connecting,
    ),
    HostMetric(
        of_host(
            "host_ipv6_degradation_ratio",
            "劣化比：（IPv6 − IPv4）/ IPv4 的建连时间，负数为 IPv6 更快；缺一族则无",
            "(IPv6 - IPv4) / IPv4 of the time to connect, negative where IPv6 is faster; absent without both",
            "port",
        ),
        _degradation,
    ),
)

GAP_METRIC = CityMetric(
    of_city(
        "probe_gaps",
        "最近一次未能探测的主机数，按原因；没有则无此序列",
        "Hosts whose latest look could not be made, by reason; absent where there is none",
        "agency",
        "probe",
        "family",
        "reason",
    ),
    _gaps,
)

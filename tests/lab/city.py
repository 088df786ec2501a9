"""The city: who is on the network, what they serve, and what is wrong with it. Change this to change the city."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv6Address

from probes.target import Family
from tests.lab import ground, loopback
from tests.lab.model import (
    BOTH,
    NOBODY,
    ONLY_IPV4,
    ONLY_IPV6,
    SUFFIX,
    Cert,
    Channel,
    Host,
    Name,
    Service,
    Site,
    Web,
    ipv6,
)
from tests.lab.sheets import JOBS, LAND, OLD, PORTAL

VANTAGE, ROOT, RESOLVER, HOSTILE, SCALE = 10, 1, 5, 9, 50
"""Site numbers of the vantage, the root server, the resolver, the hostile hosts and the many."""
VANTAGE4, VANTAGE6 = 11, 12
"""Site numbers of the vantages that have one family only."""
OUTSIDE = f"http://198.18.{NOBODY}.1/"
"""A place that no agency owns."""
HONEST = 10
"""The host number of the one honest web server among the hostile."""

HTTP = {80: Service.HTTP}
WEB = {80: Service.HTTP, 443: Service.HTTPS}
FORCED = Web(forces_https=True)
IPV4_EXPIRED = {Family.IPV4: Cert.VALID, Family.IPV6: Cert.EXPIRED}


def _same(cert: Cert) -> dict[Family, Cert]:
    return dict.fromkeys(Family, cert)


def _behind(*ports: int, families: frozenset[Family] = BOTH) -> dict[Family, frozenset[int]]:
    return dict.fromkeys(families, frozenset(ports))


def _bogus(name: str, number: int, address: str) -> Host:
    return Host(
        name, number, WEB, families=ONLY_IPV4, further=(IPv6Address(address),), web=FORCED, faults=(f"aaaa_{name}",)
    )


CHANNELS = (
    Channel("chikan", "赤坎镇人民政府", "Chikan Town Government", f"www.{SUFFIX}", "/chikan/"),
    Channel("changsha", "长沙街道办事处", "Changsha Subdistrict Office", f"www.{SUFFIX}", "/changsha/"),
)

SITES: tuple[Site, ...] = (
    Site(
        "portal",
        20,
        "开平市人民政府办公室",
        "Kaiping Municipal Government Office",
        (
            Host(
                "www",
                10,
                {**WEB, 22: Service.SSH},
                drops=_behind(22),
                value=5,
                web=Web(forces_https=True, channels={channel.path: channel.zh for channel in CHANNELS}, sheets=PORTAL),
            ),
            Host("news", 11, WEB, web=FORCED),
        ),
    ),
    Site(
        "edu",
        21,
        "开平市教育局",
        "Education Bureau",
        (
            Host("www", 10, HTTP, families=ONLY_IPV4, declared=frozenset({80}), faults=("no_ipv6", "http_only")),
            Host("lib", 11, WEB, families=ONLY_IPV4, web=FORCED, faults=("no_ipv6",)),
        ),
        domain="edu",
        servers=(Name.NS2,),
        faults=("sole_ns_without_aaaa",),
    ),
    Site(
        "health",
        22,
        "开平市卫生健康局",
        "Health Bureau",
        (
            Host(
                "www",
                10,
                WEB,
                drops=_behind(80, 443, families=ONLY_IPV6),
                web=FORCED,
                value=4,
                faults=("ipv6_dropped",),
            ),
            Host("api", 11, WEB, listens=dict.fromkeys(WEB, ONLY_IPV4), web=FORCED, faults=("ipv6_refused",)),
            Host("ghost", 12, WEB, families=ONLY_IPV4, published=BOTH, web=FORCED, faults=("aaaa_to_nobody",)),
            Host("half", 13, WEB, further=(ipv6(22, 99),), web=FORCED, faults=("second_aaaa_dead",)),
        ),
        domain="health",
        servers=(Name.NS1, Name.NS2),
        faults=("one_ns_without_aaaa",),
    ),
    Site(
        "civil",
        23,
        "开平市民政局",
        "Civil Affairs Bureau",
        (
            Host("www", 10, WEB, web=Web(forces_https=True, split=True), faults=("content_differs",)),
            Host(
                "apply",
                11,
                WEB,
                web=FORCED,
                certs=IPV4_EXPIRED,
                http2=ONLY_IPV4,
                faults=("ipv6_certificate_expired", "http2_over_ipv4_alone"),
            ),
            Host(
                "marry",
                12,
                WEB,
                web=FORCED,
                faults=("ipv6_certificate_wrong_name",),
                certs={Family.IPV4: Cert.VALID, Family.IPV6: Cert.WRONG_NAME},
            ),
        ),
        domain="civil",
    ),
    Site(
        "finance",
        24,
        "开平市财政局",
        "Finance Bureau",
        (
            Host("www", 10, WEB, web=FORCED, certs=_same(Cert.EXPIRED), value=4, faults=("certificate_expired",)),
            Host("self", 11, WEB, web=FORCED, certs=_same(Cert.SELF_SIGNED), faults=("certificate_self_signed",)),
            Host("name", 12, WEB, web=FORCED, certs=_same(Cert.WRONG_NAME), faults=("certificate_wrong_name",)),
            Host("soon", 13, WEB, web=FORCED, certs=_same(Cert.EXPIRING), faults=("certificate_expiring",)),
        ),
        domain="finance",
    ),
    Site(
        "housing",
        25,
        "开平市住房和城乡建设局",
        "Housing and Urban-Rural Development Bureau",
        (
            Host("www", 10, WEB, lenient=ONLY_IPV6, faults=("https_not_forced", "ipv6_accepts_old_tls")),
            Host(
                "moved",
                11,
                HTTP,
                web=Web(redirect=f"https://www.{SUFFIX}/"),
                declared=frozenset({80}),
                faults=("redirects_to_another_host",),
            ),
            Host(
                "outside",
                12,
                HTTP,
                web=Web(redirect=OUTSIDE),
                declared=frozenset({80}),
                faults=("redirects_out_of_scope",),
            ),
        ),
        domain="housing",
    ),
    Site(
        "emergency",
        26,
        "开平市应急管理局",
        "Emergency Management Bureau",
        (Host("www", 10, WEB, web=FORCED),),
        domain="emergency",
        servers=(Name.NS1, Name.LAME),
        echo6=False,
        faults=("icmpv6_filtered", "one_ns_lame"),
    ),
    Site(
        "transport",
        27,
        "开平市交通运输局",
        "Transport Bureau",
        (Host("www", 10, WEB, web=Web(filler=20000)),),
        domain="transport",
        mtu6=1400,
        faults=("ipv6_path_mtu_black_hole",),
    ),
    Site(
        "data",
        28,
        "开平市政务服务和数据管理局",
        "Government Services and Data Bureau",
        (
            Host(
                "db",
                10,
                {**WEB, 23: Service.TELNET, 445: Service.SMB, 3306: Service.MYSQL, 6379: Service.REDIS},
                drops=_behind(23, 445, 3306, 6379, families=ONLY_IPV4),
                web=FORCED,
                value=5,
                faults=("dangerous_ports_open_over_ipv6",),
            ),
            Host("safe", 11, {**WEB, 6379: Service.REDIS}, drops=_behind(6379), web=FORCED),
            Host("test", 12, {**WEB, 8080: Service.HTTP}, web=FORCED, faults=("undeclared_port",)),
        ),
        domain="data",
        servers=(Name.NS1, Name.NS5),
        faults=("one_ns_refuses_tcp",),
    ),
    Site(
        "hr",
        29,
        "开平市人力资源和社会保障局",
        "Human Resources and Social Security Bureau",
        (
            Host("www", 10, WEB, listens={443: ONLY_IPV4}, faults=("https_only_over_ipv4",)),
            Host(
                "jobs",
                11,
                WEB,
                web=Web(forces_https=True, sheets=JOBS),
                faults=("sky_windows", "needs_ipv4_elsewhere", "no_marks"),
            ),
        ),
        domain="hr",
        servers=(Name.NS1, Name.NS4),
        faults=("one_ns_deaf_over_ipv6",),
    ),
    Site(
        "culture",
        30,
        "开平市文化广电旅游体育局",
        "Culture, Media, Tourism and Sports Bureau",
        (
            _bogus("loopback", 10, "::1"),
            _bogus("ula", 11, "fd00:18::1"),
            _bogus("linklocal", 12, "fe80::1"),
            _bogus("mapped", 13, "::ffff:198.18.30.13"),
            _bogus("sixtofour", 14, "2002:c612:1e0e::1"),
        ),
        domain="culture",
    ),
    Site(
        "police",
        31,
        "开平市公安局",
        "Public Security Bureau",
        (
            Host("www", 10, WEB, web=FORCED, http2=BOTH),
            Host("six", 11, WEB, families=ONLY_IPV6, web=FORCED, http2=ONLY_IPV6),
        ),
        domain="police",
    ),
    Site(
        "land",
        32,
        "开平市自然资源局",
        "Natural Resources Bureau",
        (
            Host(
                "www",
                10,
                WEB,
                web=Web(forces_https=True, sheets=LAND),
                faults=(
                    "links_without_ipv6",
                    "sky_windows",
                    "ipv4_literals",
                    "needs_ipv4_elsewhere",
                    "dead_link",
                    "no_marks",
                ),
            ),
            Host(
                "old",
                12,
                HTTP,
                families=ONLY_IPV4,
                web=Web(sheets=OLD),
                declared=frozenset({80}),
                faults=("no_ipv6", "http_only"),
            ),
            Host("map", 11, WEB, web=FORCED, old_tls=True, faults=("tls_1_0_only",)),
        ),
        domain="land",
    ),
    Site(
        "water",
        33,
        "开平市水利局",
        "Water Resources Bureau",
        (Host("www", 10, WEB, web=FORCED),),
        domain="water",
        servers=(Name.LAME,),
        faults=("every_ns_lame",),
    ),
    Site(
        "shuikou",
        34,
        "水口镇人民政府",
        "Shuikou Town Government",
        (
            Host(
                "www",
                10,
                {**HTTP, 23: Service.TELNET},
                web=Web(delay=0.6),
                declared=frozenset({80}),
                faults=("http_only", "telnet_open"),
            ),
        ),
        domain="shuikou",
        loss=0.03,
        tier="town",
        faults=("slow_lossy_path",),
    ),
    Site(
        "tangkou",
        35,
        "塘口镇人民政府",
        "Tangkou Town Government",
        (Host("www", 10, HTTP, web=Web(filler=20000), declared=frozenset({80}), faults=("http_only",)),),
        domain="tangkou",
        tunnel6=1400,
        tier="town",
    ),
)


if ground.ON_LOOPBACK:
    SITES = tuple(loopback.standing(SITES))


def hosts() -> Iterator[tuple[Site, Host]]:
    """Yield every host of an agency with its site."""
    for site in SITES:
        for host in site.hosts:
            yield site, host

"""Which rules each fault of the city breaks, and over which family: what Diaolou must blame, and nothing besides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from probes.target import Family
from rules.verdict import Outcome, Verdict
from tests.lab import ground

Truth = Mapping[str, Any]
Blame = tuple[str, str]
"""A rule and a family; no family where the rule does not speak of one, or of a name server."""

V4, V6, NEITHER = Family.IPV4.value, Family.IPV6.value, ""
BOTH = (V4, V6)
ASKED = ("aaaa_published", "questions_are_answered")
"""Rules about questions to the DNS, which are asked for either family whatever is published."""
DEAD_IPV6 = {
    "ipv6_access_success_rate": (V6,),
    "every_aaaa_answers_on_declared_ports": (V6,),
    "home_page_answers_over_ipv6": (V6,),
    "https_available": (V6,),
}
GIVEN_UP = {**DEAD_IPV6, "dual_stack_clients_take_ipv6": (V6,)}
"""Where IPv4 takes over what IPv6 does not bring."""
HTTP_ALONE = {"https_available": BOTH, "http_redirects_to_https": BOTH}
UNFORCED = {"http_redirects_to_https": BOTH, "hsts_lasts_a_year": BOTH}
UNMARKED = {
    "site_code_is_shown": (V6,),
    "icp_record_is_shown": (V6,),
    "police_record_is_shown": (V6,),
    "official_badge_is_shown": (V6,),
}
UNUSABLE_AAAA = {"aaaa_published": (V6,), "published_addresses_are_usable": (V6,)}

UNTOLD = frozenset(
    {
        # The city has no firewall between us and its hosts: a port without a service answers with a reset.
        "unused_ports_are_silent",
        # Its web servers send no security headers but HSTS.
        "content_security_policy_sent",
        "content_type_options_sent",
        "framing_is_limited",
        "referrer_policy_sent",
        # What is lost or late differs from look to look, and with what else the machine does.
        "home_page_loads_within_fifteen_seconds",
        "ipv6_is_as_fast_as_ipv4",
        "ipv6_page_is_as_quick_as_ipv4",
        "ipv6_path_is_as_quick_as_ipv4",
        "name_servers_answer_quickly",
        "no_echo_is_lost",
        "page_begins_within_three_seconds",
    }
)
"""Rules the truth says nothing of."""

BREAKS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "no_ipv6": {"aaaa_published": (V6,)},
    "http_only": HTTP_ALONE,
    "sole_ns_without_aaaa": {
        "two_name_servers": (NEITHER,),
        "two_name_servers_have_aaaa": (NEITHER,),
        "zone_answers_over_ipv6": (NEITHER,),
        "resolves_over_ipv6_alone": (NEITHER,),
    },
    "one_ns_without_aaaa": {"two_name_servers_have_aaaa": (NEITHER,), "more_than_one_ipv6_server": (NEITHER,)},
    "ipv6_dropped": GIVEN_UP,
    "ipv6_refused": GIVEN_UP,
    "aaaa_to_nobody": {**GIVEN_UP, "echo_answers_over_ipv6": (V6,), "families_agree_on_echo": (NEITHER,)},
    "second_aaaa_dead": {**DEAD_IPV6, "echo_answers_over_ipv6": (V6,)},
    # The page that IPv6 shows is a server's own, of one that was never told of HSTS.
    "content_differs": {
        **UNMARKED,
        "families_agree_on_content": (V6,),
        "families_agree_on_security_headers": (V6,),
        "hsts_lasts_a_year": (V6,),
        "no_default_page": (V6,),
    },
    "ipv6_certificate_expired": {"certificate_is_trusted": (V6,), "families_agree_on_certificate": (V6,)},
    "ipv6_certificate_wrong_name": {"certificate_is_trusted": (V6,), "families_agree_on_certificate": (V6,)},
    "certificate_expired": {"certificate_is_trusted": BOTH},
    "certificate_self_signed": {"certificate_is_trusted": BOTH},
    "certificate_wrong_name": {"certificate_is_trusted": BOTH},
    "certificate_expiring": {"certificate_does_not_expire_soon": BOTH},
    "https_not_forced": UNFORCED,
    "redirects_to_another_host": HTTP_ALONE,
    # It leads to an IPv4 address by number, where nobody with IPv6 alone arrives.
    "redirects_out_of_scope": {
        **HTTP_ALONE,
        "home_page_answers_over_ipv6": (V6,),
        "usable_without_ipv4": (V6,),
    },
    "icmpv6_filtered": {"echo_answers_over_ipv6": (V6,), "families_agree_on_echo": (NEITHER,)},
    "one_ns_lame": {"no_name_server_is_lame": (NEITHER,), "more_than_one_ipv6_server": (NEITHER,)},
    # The page that stalls is served without HTTPS being forced; over IPv6 nobody gets far enough to see that.
    "ipv6_path_mtu_black_hole": {
        "home_page_answers_over_ipv6": (V6,),
        "no_path_mtu_black_hole": (V6,),
        "packet_too_big_is_delivered": (V6,),
        "http_redirects_to_https": (V4,),
        "hsts_lasts_a_year": (V4,),
    },
    "dangerous_ports_open_over_ipv6": {
        "no_dangerous_port_open": (V6,),
        "only_declared_ports_open": (V6,),
        "families_agree_on_ports": (NEITHER,),
    },
    "one_ns_refuses_tcp": {"name_servers_answer_over_ipv4": (NEITHER,), "name_servers_answer_over_ipv6": (NEITHER,)},
    "undeclared_port": {"only_declared_ports_open": BOTH},
    # Who offers HTTPS to half of the world cannot force it.
    "https_only_over_ipv4": {**GIVEN_UP, "http_redirects_to_https": BOTH, "hsts_lasts_a_year": (V4,)},
    "one_ns_deaf_over_ipv6": {"name_servers_answer_over_ipv6": (NEITHER,), "more_than_one_ipv6_server": (NEITHER,)},
    "aaaa_loopback": UNUSABLE_AAAA,
    "aaaa_ula": UNUSABLE_AAAA,
    "aaaa_linklocal": UNUSABLE_AAAA,
    # A mapped address is no place on any network: that nobody answers there is known without asking.
    "aaaa_mapped": {**UNUSABLE_AAAA, **GIVEN_UP},
    "aaaa_sixtofour": UNUSABLE_AAAA,
    # To speak TLS 1.0 at all it was set to the lowest level of security, which lets anonymous suites in.
    "tls_1_0_only": {
        "tls_version_is_current": BOTH,
        "tls_1_3_is_used": BOTH,
        "cipher_is_authenticated": BOTH,
        "no_obsolete_tls": BOTH,
        "no_weak_cipher_suites": BOTH,
    },
    "http2_over_ipv4_alone": {"families_agree_on_http_version": (V6,)},
    "ipv6_accepts_old_tls": {
        "no_obsolete_tls": (V6,),
        "no_weak_cipher_suites": (V6,),
        "families_agree_on_tls_versions": (V6,),
    },
    "every_ns_lame": {
        "no_name_server_is_lame": (NEITHER,),
        "zone_answers_for_itself": (NEITHER,),
        "questions_are_answered": BOTH,
        "two_name_servers": (NEITHER,),
        "two_name_servers_have_aaaa": (NEITHER,),
        "resolves_over_ipv6_alone": (NEITHER,),
    },
    "dead_link": {"no_dead_links": (V6,)},
    "no_marks": UNMARKED,
    "links_without_ipv6": {"second_level_links_work_over_ipv6": (V6,), "third_level_links_work_over_ipv6": (V6,)},
    "sky_windows": {"no_sky_windows": (V6,)},
    "ipv4_literals": {"no_ipv4_literals": (V6,)},
    "needs_ipv4_elsewhere": {"usable_without_ipv4": (V6,)},
    "telnet_open": {"no_dangerous_port_open": BOTH, "only_declared_ports_open": BOTH},
    "slow_lossy_path": {},
}


WALKED = frozenset({"resolves_over_ipv6_alone", "more_than_one_ipv6_server"})
"""Rules about the way from the root. On loopback all servers share one IPv6 address, and no way begins there."""


def misjudged(told: Truth, verdicts: Iterable[Verdict]) -> Iterator[str]:
    """Yield every fault of a host that no rule failed for, and every failing rule that no fault accounts for."""
    published = {family for family, kind in ((V4, "A"), (V6, "AAAA")) if told[kind]}
    failing = {
        _blame(verdict) for verdict in verdicts if verdict.outcome is Outcome.FAIL and verdict.rule not in UNTOLD
    }
    owed: dict[Blame, list[str]] = defaultdict(list)
    for fault in told["faults"]:
        for rule, families in BREAKS[fault].items():
            if ground.ON_LOOPBACK and rule in WALKED:
                continue
            for family in families:
                if rule in ASKED or family in (NEITHER, *published):
                    owed[rule, family].append(fault)
    for rule, family in sorted(owed.keys() - failing):
        yield f"{rule} {family} holds, in spite of {', '.join(owed[rule, family])}"
    for rule, family in sorted(failing - owed.keys()):
        yield f"{rule} {family} is blamed, and has no fault"


def _blame(verdict: Verdict) -> Blame:
    words = verdict.subject.split("/")
    family = next((each.value for each in Family if each.value in words), NEITHER)
    return verdict.rule, family


def misjudged_ports(told: Truth, verdicts: Iterable[Verdict], dangerous: Iterable[int]) -> Iterator[str]:
    """Yield what the rules about ports say beside the truth, port by port and family by family."""
    met: dict[str, set[str]] = defaultdict(set)
    for verdict in verdicts:
        if verdict.outcome is Outcome.FAIL:
            met[verdict.rule].add(verdict.subject)
    opened = {
        (int(port), place["family"])
        for place in told["addresses"].values()
        for port, state in place["ports"].items()
        if state == "open" and not place["bogus"]
    }
    extra = {(port, family) for port, family in opened if port not in told["declared"]}
    compared = all(told[kind] for kind in ("A", "AAAA"))
    uneven = {port for port, _ in extra if compared and len([1 for each, _ in extra if each == port]) == 1}
    expected = {
        "only_declared_ports_open": {f"tcp/{port}/{family}" for port, family in extra},
        "no_dangerous_port_open": {f"tcp/{port}/{family}" for port, family in extra if port in dangerous},
        "families_agree_on_ports": {f"tcp/{port}" for port in uneven},
    }
    for rule, subjects in expected.items():
        if met[rule] != subjects:
            yield f"{rule} fails for {sorted(met[rule])}, true is {sorted(subjects)}"

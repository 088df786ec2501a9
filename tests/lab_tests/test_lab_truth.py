"""The truth the city tells about itself, against tools that know nothing of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest

from tests.lab.lifecycle import Lab
from tests.lab.truth import PORTS, truth
from tests.lab_tests.looking import Dug, Fetched, answering, at_once, curl, dig, ports

pytestmark = pytest.mark.lab

Told = dict[str, Any]
_ANY = ("--insecure", "--tlsv1.0", "--ciphers", "ALL@SECLEVEL=0")
"""A client that takes whatever TLS it is offered."""
_FAMILY = {"ipv4": "A", "ipv6": "AAAA"}


@pytest.fixture(scope="module")
def told() -> Told:
    return truth()


def _addresses(told: Told) -> Iterator[tuple[str, str, Told]]:
    """Every address worth a packet, with its host's name and its part of the truth."""
    for name, host in told["hosts"].items():
        for address, about in host["addresses"].items():
            if not about["bogus"]:
                yield name, address, about


def test_names_have_the_addresses_and_rcodes_the_truth_says(lab: Lab, told: Told) -> None:
    asked = [(name, kind) for name in told["hosts"] for kind in _FAMILY.values()]
    for (name, kind), heard in zip(asked, at_once(lambda each: dig(lab, *each), asked), strict=True):
        host = told["hosts"][name]
        assert heard.rcode == host["rcode"], (name, kind)
        assert {ip_address(value) for value in heard.values} == {ip_address(value) for value in host[kind]}, name


def test_name_servers_answer_refuse_or_stay_silent_as_told(lab: Lab, told: Told) -> None:
    asked = {
        (zone, address, transport): about["answers"][family][transport]
        for zone, entry in told["zones"].items()
        for about in entry["servers"].values()
        for address in about["addresses"]
        for family in ["ipv6" if ":" in address else "ipv4"]
        for transport in ("udp", "tcp")
    }

    def look(each: tuple[str, str, str]) -> str:
        zone, address, transport = each
        options = ["+norecurse", "+time=2", f"@{address}", *(["+tcp"] if transport == "tcp" else [])]
        return _server_word(dig(lab, zone, "SOA", *options), transport)

    assert dict(zip(asked, at_once(look, asked), strict=True)) == asked


def _server_word(heard: Dug, transport: str) -> str:
    if heard.rcode:
        return "ok" if heard.rcode == "NOERROR" and "flags: qr aa" in heard.text else f"dns_{heard.rcode.lower()}"
    if "connection refused" in heard.text:
        return "connection_refused"
    return "dns_timeout" if transport == "udp" else "connection_timeout"


def test_zones_are_delegated_to_the_servers_the_truth_names(lab: Lab, told: Told) -> None:
    for zone, entry in told["zones"].items():
        heard = dig(lab, zone, "NS", "+norecurse", "@198.18.2.53").text
        for server in entry["servers"]:
            assert f"{server}." in heard, zone
        for server, about in entry["servers"].items():
            aaaa = dig(lab, server, "AAAA").values
            assert bool(aaaa) is (server in entry["with_aaaa"]) is any(":" in each for each in about["addresses"])


@pytest.mark.parametrize("version", [4, 6])
def test_ports_are_open_closed_and_filtered_as_told(lab: Lab, told: Told, version: int) -> None:
    expected = {
        address: {port: about["ports"][str(port)] for port in PORTS}
        for _, address, about in _addresses(told)
        if ip_address(address).version == version
    }
    assert ports(lab, list(expected), PORTS) == expected


@pytest.mark.parametrize("version", [4, 6])
def test_hosts_answer_echo_requests_as_told(lab: Lab, told: Told, version: int) -> None:
    about = {address: part for _, address, part in _addresses(told) if ip_address(address).version == version}
    assert answering(lab, list(about)) == {address for address, part in about.items() if part["ping"]}


def test_web_servers_answer_at_every_address_as_told(lab: Lab, told: Told) -> None:
    asked = [(name, address, scheme) for name, address, _ in _addresses(told) for scheme in ("http", "https")]

    def look(each: tuple[str, str, str]) -> Fetched:
        name, address, scheme = each
        return curl(lab, f"{scheme}://{name}/", *_ANY, address=address)

    for (name, address, scheme), met in zip(asked, at_once(look, asked), strict=True):
        expected = told["hosts"][name]["web"][scheme]["ipv6" if ":" in address else "ipv4"]
        if expected == "mixed":
            owned = told["hosts"][name]["addresses"][address]["ping"]
            expected = "ok" if owned else "host_unreachable"
        assert _web_word(met) == expected, (name, address, scheme, met.complaint)


def _web_word(met: Fetched) -> str:
    if met.code == 28:
        return "http_timeout" if met.connected else "connection_timeout"
    if met.code == 7:
        return "host_unreachable" if "No route to host" in met.complaint else "connection_refused"
    return "ok" if met.code == 0 else f"curl {met.code}"


def test_certificates_are_in_the_state_the_truth_says(lab: Lab, told: Told) -> None:
    asked = [
        (name, host[_FAMILY[family]][0], state)
        for name, host in told["hosts"].items()
        for family, state in host["certificate"].items()
    ]
    looks = at_once(lambda each: curl(lab, f"https://{each[0]}/", "--head", *_ANY[1:], address=each[1]), asked)
    for (name, address, state), met in zip(asked, looks, strict=True):
        said = {
            "expired": "certificate has expired",
            "self_signed": "self-signed certificate",
            "wrong_name": "no alternative certificate subject name",
        }.get(state)
        assert (met.code, met.status) == (0, 200) if said is None else said in met.complaint, (name, address, met)


def test_an_expiring_certificate_ends_within_eight_days(lab: Lab, told: Told) -> None:
    for name, host in told["hosts"].items():
        if "expiring" in host["certificate"].values():
            script = f"openssl s_client -connect {host['A'][0]}:443 -servername {name} </dev/null 2>/dev/null"
            for days, code in ((6, 0), (8, 1)):
                check = f"{script} | openssl x509 -noout -checkend {days * 86400}"
                assert lab.run("vantage", "sh", "-c", check).returncode == code, name


def test_servers_speak_the_tls_the_truth_says(lab: Lab, told: Told) -> None:
    asked = [
        (name, host[_FAMILY[family]][0], version)
        for name, host in told["hosts"].items()
        for family, version in host["tls"].items()
    ]
    any_tls = at_once(lambda each: curl(lab, f"https://{each[0]}/", "--head", *_ANY, address=each[1]), asked)
    modern = at_once(lambda each: curl(lab, f"https://{each[0]}/", "--head", "-k", address=each[1]), asked)
    for (name, _, version), old, new in zip(asked, any_tls, modern, strict=True):
        assert f"SSL connection using {version} /" in old.complaint, name
        assert (new.code == 35) is (version == "TLSv1"), (name, new.complaint)


@pytest.mark.parametrize("family", ["A", "AAAA"])
def test_servers_accept_the_versions_and_suites_the_truth_says(lab: Lab, told: Told, family: str) -> None:
    for name in ("www.housing.kaiping.gov.test", "map.land.kaiping.gov.test", "www.police.kaiping.gov.test"):
        host = told["hosts"][name]
        option = ["-6"] if family == "AAAA" else []
        scan = ["nmap", *option, "-n", "-Pn", "-p", "443", "--script", "ssl-enum-ciphers", host[family][0]]
        said = lab.run("vantage", *scan, timeout=60).stdout
        accepts = host["accepts"]["ipv6" if family == "AAAA" else "ipv4"]
        versions = {version.removesuffix(".0") for version in re.findall(r"TLSv1\.\d", said)}
        assert versions == set(accepts["versions"]), name
        assert ("_anon_" in said) is ("anonymous" in accepts["weaknesses"]), name
        assert not re.search(r"_(RC4|3DES|NULL|EXPORT|DES)_", said), name


@pytest.mark.parametrize("family", ["A", "AAAA"])
def test_servers_speak_http2_where_the_truth_says_so(lab: Lab, told: Told, family: str) -> None:
    for name in ("www.police.kaiping.gov.test", "apply.civil.kaiping.gov.test", "www.kaiping.gov.test"):
        host = told["hosts"][name]
        address = host[family][0]
        literal = f"[{address}]" if ":" in address else address
        where = ["--connect-to", f"{name}:443:{literal}:443", f"https://{name}/"]
        asked = ["curl", "-sk", "--http2", "-o", "/dev/null", "-w", "%{http_version} %{http_code}", *where]
        version = "2" if ("ipv6" if family == "AAAA" else "ipv4") in host["http2"] else "1.1"
        assert lab.run("vantage", *asked).stdout == f"{version} 200", name


def test_families_serve_the_same_page_where_the_truth_says_so(lab: Lab, told: Told) -> None:
    compared = {name: host for name, host in told["hosts"].items() if host["same_content"] is not None}

    def look(name: str) -> list[Fetched]:
        scheme = "https" if compared[name]["web"]["https"] == {"ipv4": "ok", "ipv6": "ok"} else "http"
        addresses = (compared[name][kind][0] for kind in ("A", "AAAA"))
        return [curl(lab, f"{scheme}://{name}/", *_ANY, address=address, keep=True) for address in addresses]

    for (name, host), pages in zip(compared.items(), at_once(look, compared), strict=True):
        assert [page.code for page in pages] == [0, 0]
        assert (pages[0].body == pages[1].body) is host["same_content"], name


def test_http_leads_to_https_or_elsewhere_as_told(lab: Lab, told: Told) -> None:
    open_ = {name: host for name, host in told["hosts"].items() if host["web"]["http"]["ipv4"] == "ok"}
    looks = at_once(lambda name: curl(lab, f"http://{name}/", address=open_[name]["A"][0]), open_)
    for (name, host), met in zip(open_.items(), looks, strict=True):
        assert met.location == (host["redirect"] or (f"https://{name}/" if host["forces_https"] else "")), name


def test_a_town_without_a_host_is_a_channel_of_the_portal(lab: Lab, told: Told) -> None:
    for channel in told["channels"].values():
        met = curl(lab, f"https://{channel['host']}{channel['path']}", keep=True)
        assert channel["zh"] in met.body.decode()


def test_the_ipv6_path_swallows_only_what_is_larger_than_it(lab: Lab, told: Told) -> None:
    name = next(name for name, host in told["hosts"].items() if "ipv6_path_mtu_black_hole" in host["faults"])
    assert curl(lab, f"http://{name}/", "--head", address=told["hosts"][name]["AAAA"][0]).status == 200
    assert curl(lab, f"http://{name}/", address=told["hosts"][name]["AAAA"][0]).code == 28


def test_a_vantage_without_a_family_reaches_only_the_other(lab: Lab) -> None:
    for version, other in ((4, 6), (6, 4)):
        look = ("curl", "-s", "-o", "/dev/null", "-m", "2", "http://www.kaiping.gov.test/")
        assert lab.run(f"vantage{version}", *look, f"-{version}").returncode == 0
        assert lab.run(f"vantage{version}", *look, f"-{other}").returncode == 7


def test_there_is_no_way_out(lab: Lab) -> None:
    for address in ("192.0.2.1", "3fff::1", "198.18.99.1", "2001:db8:18:99::1"):
        url = f"http://{f'[{address}]' if ':' in address else address}/"
        assert lab.run("vantage", "curl", "-sS", "-m", "2", url).returncode == 7

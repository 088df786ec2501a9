"""The hostile hosts and the odd name server are as hostile and as odd as the truth says."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from probes.text import clean
from tests.lab.lifecycle import Lab
from tests.lab.truth import truth
from tests.lab_tests.looking import Dug, Fetched, at_once, curl, dig

pytestmark = pytest.mark.lab

Told = dict[str, Any]

_CURL = {
    # What curl, which is not careful about everything, ends with at each attack.
    "http_oversized": {0, 23, 27, 28, 56, 63, 100},
    "clipped": {0, 28, 63},
    "http_timeout": {28},
    "http_malformed": {1, 8, 18, 27, 56, 63, 100},
    "http_truncated": {0, 18, 61},
    "http_bad_encoding": {61},
    "connection_reset": {56},
    "connection_closed": {52},
    "tls_not_tls": {35},
    "tls_malformed": {35},
    "tls_alert": {35},
    "tls_closed": {35},
    "tls_timeout": {28},
    "not_followed": {0},
    "ok": {0, 60},
}
_CHARSETS = {"gb18030": "gb18030", "utf-16": "utf-16"}


@pytest.fixture(scope="module")
def told() -> Told:
    return truth()


def _look(lab: Lab, name: str, port: int, *, keep: bool = False) -> Fetched:
    scheme = "https" if port == 443 else "http"
    return curl(lab, f"{scheme}://{name}/", "--compressed", "--max-filesize", "3000000", keep=keep)


def test_every_attack_on_a_web_client_is_met_by_curl_too(lab: Lab, told: Told) -> None:
    attacks = {name: entry for name, entry in told["hostile"].items() if name.partition(".")[0] != "tls-endless"}
    looks = at_once(lambda name: _look(lab, name, attacks[name]["port"]), attacks)
    for (name, entry), met in zip(attacks.items(), looks, strict=True):
        if name.startswith("redirect-") and met.code == 0:
            assert met.status == 302, name
            assert met.location, name
            continue
        assert met.code in set().union(*(_CURL[word] for word in entry["expect"])), (name, met.code, met.complaint)


def test_titles_come_out_readable_and_clean(lab: Lab, told: Told) -> None:
    titled = {name: entry for name, entry in told["hostile"].items() if "title" in entry}
    assert titled
    for name, entry in titled.items():
        charset = _CHARSETS.get(name.partition(".")[0], "utf-8")
        text = _look(lab, name, 80, keep=True).body.decode(charset, "replace")
        title = re.search("<title>(.*)</title>", text, re.DOTALL)
        assert title is not None
        assert clean(html.unescape(title[1])) == entry["title"], name


def test_hostile_certificates_are_in_the_state_the_truth_says(lab: Lab, told: Told) -> None:
    said = {"wrong_name": "no alternative certificate subject name", "not_yet_valid": "not yet valid"}
    for name, entry in told["hostile"].items():
        if "certificate" in entry:
            met = _look(lab, name, 443)
            assert said.get(entry["certificate"], "") in met.complaint
            assert (met.code == 0) is (entry["certificate"] == "valid"), name


def test_an_odd_name_is_odd_when_its_server_is_asked(lab: Lab, told: Told) -> None:
    server = f"@{told['odd_servers'][0]}"
    looks = at_once(lambda name: dig(lab, name, "AAAA", server, "+time=2", "+norecurse"), told["odd"])
    for (name, odd), heard in zip(told["odd"].items(), looks, strict=True):
        assert _said_of(heard) & _dig_words(odd["direct"]), (name, heard.text)


def test_the_resolver_says_servfail_rather_than_pass_on_what_is_wrong(lab: Lab, told: Told) -> None:
    looks = at_once(lambda name: dig(lab, name, "AAAA"), told["odd"])
    for (name, odd), heard in zip(told["odd"].items(), looks, strict=True):
        assert _said_of(heard) & _dig_words(odd["resolver"]), (name, heard.text)


def _said_of(heard: Dug) -> set[str]:
    """Return what dig's answer may be called; its words for broken packets go before the rcode."""
    if "EDNS query returned status FORMERR" in heard.text:
        return {"ok"}
    if "bad packet" in heard.text or "extra bytes" in heard.text:
        return {"dns_malformed"}
    if "section mismatch" in heard.text:
        return {"dns_mismatch"}
    if "retrying in TCP mode" in heard.text and not heard.rcode:
        return {"dns_truncated"}
    if not heard.rcode:
        return {"dns_timeout"}
    if heard.rcode not in ("NOERROR", "NXDOMAIN"):
        return {f"dns_{heard.rcode.lower()}"}
    if re.search(r"\sIN\sCNAME\s", heard.text) and not heard.values:
        # dig does not follow: what is at the end is another question.
        return {"nodata", "nxdomain", "ok", "dns_cname_loop"}
    return {"ok"} if heard.values else {"nxdomain" if heard.rcode == "NXDOMAIN" else "nodata"}


def _dig_words(words: list[str]) -> set[str]:
    return {word.partition(":")[0].replace("bogus", "ok") for word in words}


def test_bogus_addresses_are_handed_over_as_they_are(lab: Lab, told: Told) -> None:
    bogus = [name for name, odd in told["odd"].items() if odd["direct"][0].startswith("bogus:")]
    assert len(bogus) == 7
    for name in bogus:
        assert dig(lab, name, "AAAA").values


def test_two_hundred_addresses_need_tcp(lab: Lab, told: Told) -> None:
    assert len(dig(lab, "many.odd.kaiping.gov.test", "AAAA").values) == 200
    assert "flags: qr tc" in dig(lab, "many.odd.kaiping.gov.test", "AAAA", "+ignore").text

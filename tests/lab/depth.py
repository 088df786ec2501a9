"""What is true of a website below its home page: links, sky windows, IPv4 literals, and what IPv6 alone lacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from urllib.parse import urljoin, urlsplit

from probes.target import Family
from tests.lab import city
from tests.lab.model import Host, Name, Site
from tests.lab.network import server_addresses
from tests.lab.sheets import DUAL_ELSEWHERE, IPV4_ONLY_ELSEWHERE, MARKS, Sheet

Json = dict[str, object]

_DEAF = (Name.NS4, Name.LAME)
"""Name servers that nobody gets an answer from over IPv6, whatever their addresses."""


def told(site: Site, host: Host) -> Json:
    """Return what is true of the website of *host*, whose home page comes over IPv6."""
    home, domain = f"https://{site.fqdn(host)}/", site.fqdn(host).removeprefix("www.")
    second = _links(_pages(host).get("/"), home, domain) - {home}
    reached = sorted(url for url in second if leads(url) == "reached")
    deeper = {url for each in reached for url in _links(_at(each), each, domain)}
    third = deeper - second - {home}
    read = [home, *reached, *sorted(url for url in third if leads(url) == "reached")]
    hosts = {name for url in read for name in _referred(_at(url), url)} - {site.fqdn(host)}
    return {
        "second": _counted(second),
        "third": _counted(third),
        "windows": sorted(name for name in hosts if has_ipv6(name) is False),
        "literals": sorted(name for name in hosts if _literal(name)),
        "blockers": sorted({tuple(blocker) for blocker in _blockers(home)}),
        "marked": MARKS if marked(host) else "",
    }


def marked(host: Host) -> bool:
    """Say whether the home page of *host* says whose it is."""
    home = _pages(host).get("/")
    return MARKS in home.says if home is not None else not host.web.split


def rate(level: object) -> float:
    """Return the share of a level's links that IPv6 reaches, dead ones left out; 1 without any."""
    assert isinstance(level, dict)
    counted = level["reached"] + level["broken"]
    return level["reached"] / counted if counted else 1.0


def zone_has_ipv6(site: Site) -> bool:
    """Say whether any name server of the site's zone answers over IPv6."""
    dual = (name for name in site.servers if any(address.version == 6 for address in server_addresses(name)))
    return any(name not in _DEAF for name in dual)


def _pages(host: Host) -> Mapping[str, Sheet]:
    return host.web.sheets


def _host(name: str) -> Host | None:
    return next((host for site, host in city.hosts() if site.fqdn(host) == name), None)


def _at(url: str) -> Sheet | None:
    host = _host(urlsplit(url).hostname or "")
    return _pages(host).get(urlsplit(url).path) if host else None


def leads(url: str) -> str:
    """Say where a link within the city leads: reached, broken for want of IPv6, or dead."""
    parts = urlsplit(url)
    host = _host(parts.hostname or "")
    if host is None or parts.path not in {"/", *host.web.channels, *_pages(host)}:
        return "dead"
    return "reached" if Family.IPV6 in host.families & host.records else "broken"


def _links(sheet: Sheet | None, url: str, domain: str) -> set[str]:
    found = {urljoin(url, link) for link in (sheet.links if sheet else ())}
    names = {link: urlsplit(link).hostname or "" for link in found}
    return {link for link, name in names.items() if name == domain or name.endswith(f".{domain}")}


def _counted(links: set[str]) -> dict[str, int]:
    ends = Counter(map(leads, links))
    return {"linked": len(links), **{word: ends[word] for word in ("reached", "broken", "dead")}}


def _referred(sheet: Sheet | None, url: str) -> Iterator[str]:
    if sheet is not None:
        for part in (sheet.links, sheet.scripts, sheet.styles, sheet.images, sheet.fonts, sheet.forms):
            yield from (urlsplit(urljoin(url, each)).hostname or "" for each in part)


def _literal(name: str) -> bool:
    return name.replace(".", "").isdigit()


def has_ipv6(name: str) -> bool | None:
    """Say whether a host has IPv6; None for what is no host."""
    if name in DUAL_ELSEWHERE:
        return True
    if name in IPV4_ONLY_ELSEWHERE:
        return False
    host = _host(name)
    return None if host is None else Family.IPV6 in host.records


def _blockers(home: str) -> Iterator[tuple[str, str]]:
    sheets = [(home, _at(home))]
    sheets += [
        (url, _at(url)) for _, sheet in sheets if sheet for url in (urljoin(home, each) for each in sheet.styles)
    ]
    for url, sheet in sheets:
        for need, part in _needed(sheet):
            name = part.rpartition("@")[2] if need == "mail" else urlsplit(urljoin(url, part)).hostname or ""
            if has_ipv6(name) is False:
                yield need, name


def _needed(sheet: Sheet | None) -> Iterator[tuple[str, str]]:
    if sheet is not None:
        for need, parts in {
            "script": sheet.scripts,
            "style": sheet.styles,
            "image": sheet.images,
            "font": sheet.fonts,
            "mail": sheet.mail,
        }.items():
            yield from ((need, part) for part in parts)
        yield from (("payment" if "//pay." in part else "form", part) for part in sheet.forms)

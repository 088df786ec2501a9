"""The servers of one namespace, all in one process."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus

from probes.target import Family
from tests.lab import archive, city, ground, hostile, hostile_tls, odd, scale, sheets, web, web2
from tests.lab.banners import TALKS, Talk
from tests.lab.dns_server import Respond, authoritative, listen, refusing
from tests.lab.faults import Switchboard
from tests.lab.hostile_http import once, play, titled
from tests.lab.model import BOTH, ONLY_IPV4, Cert, Host, Name, Service, Site
from tests.lab.network import MANY, addresses_at, server_addresses
from tests.lab.pki import Authority, context
from tests.lab.resolver import Resolver
from tests.lab.zones import ODD_SERVERS, root_zone, served_by

Start = Callable[[], Awaitable[None]]
Connection = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

ALONE = ONLY_IPV4 if ground.ON_LOOPBACK else BOTH
"""Families over which every host has an address to itself."""


@dataclass(frozen=True, slots=True)
class Servers:
    """What runs where: one start function for each namespace that serves."""

    authority: Authority
    board: Switchboard
    many: int = 0
    contexts: dict[str, list[ssl.SSLContext]] = field(default_factory=dict)
    jobs: set[asyncio.Task[None]] = field(default_factory=set)

    def by_node(self) -> dict[str, Start]:
        """Return the start functions by namespace."""
        roots = addresses_at(city.ROOT)
        resolver = Resolver([str(address) for address in roots])
        starts: dict[str, Start] = {
            "root": lambda: listen(roots, authoritative([root_zone()])),
            "resolver": lambda: listen(addresses_at(city.RESOLVER), self._unwilling(resolver.respond())),
        }
        if not ground.ON_LOOPBACK:
            starts["hostile"] = self.hostile
        if self.many:
            starts[MANY] = self.crowd
        for name in Name:
            starts[name.value] = lambda name=name: listen(  # type: ignore[misc]
                server_addresses(name), _manner(name, self.many), tcp=name is not Name.NS5
            )
        for site in city.SITES:
            if site.key == "portal":
                starts[site.key] = lambda site=site: self.portal(site)  # type: ignore[misc]
                continue
            starts[site.key] = lambda site=site: self.agency(site)  # type: ignore[misc]
        if ground.ON_LOOPBACK:
            starts["together"] = self.together
        return starts

    def _unwilling(self, respond: Respond) -> Respond:
        """Let the resolver refuse while the fault is on."""
        refuse = refusing()

        async def either(query: bytes, udp: bool) -> bytes | None:
            return await (refuse if "resolver-refuses" in self.board.active else respond)(query, udp)

        return either

    async def hostile(self) -> None:
        """Start the hostile hosts, the odd name server and the honest web server beside them."""
        await listen(ODD_SERVERS, odd.respond())
        site, scripts = hostile.site(), hostile.scripts()
        for host in site.hosts:
            for port, service in host.ports.items():
                for family in Family:
                    if service is not Service.HOSTILE:
                        await self._start(site, host, port, service, family)
                    elif host.name in scripts:
                        attack = finishing(partial(play, scripts[host.name]), patience=60.0)
                        await asyncio.start_server(attack, str(site.address(host, family)), port)
                    else:
                        tls = context(hostile_tls.certificate(self.authority, host.name))
                        page = once(titled(host.name.encode()))
                        attack = finishing(partial(play, page))
                        await asyncio.start_server(attack, str(site.address(host, family)), port, ssl=tls)

    async def crowd(self) -> None:
        """Start what the many hosts share; the firewall decides who seems to have it."""
        tls = context(self.authority.leaf((f"*.{scale.ZONE}",), Cert.VALID))
        for wildcard in ("0.0.0.0", "::"):
            for port, service in scale.SERVICES.items():
                talk = TALKS.get(service, _one_of_many)
                secure = tls if service is Service.HTTPS else None
                await asyncio.start_server(finishing(talk), wildcard, port, ssl=secure, backlog=4096)

    async def portal(self, site: Site) -> None:
        """Start the portal, whose first host can be told to go wrong."""
        await self.agency(site)
        www = site.hosts[0]
        opened: list[asyncio.Server] = []

        def expire(on: bool) -> None:
            chain = self.authority.leaf((site.fqdn(www),), Cert.EXPIRED if on else Cert.VALID)
            for tls in self.contexts[site.fqdn(www)]:
                tls.load_cert_chain(chain)

        async def offer() -> None:
            for family in Family:
                address = str(site.address(www, family))
                opened.append(await asyncio.start_server(finishing(TALKS[Service.REDIS]), address, 6379))

        def expose(on: bool) -> None:
            if on:
                self.jobs.add(asyncio.get_running_loop().create_task(offer()))
                return
            while opened:
                opened.pop().close()

        self.board.watch("portal-certificate-expired", expire)
        self.board.watch("portal-opens-redis", expose)

    async def agency(self, site: Site) -> None:
        """Start every service of every host of *site*."""
        for host in site.hosts:
            for port, service in host.ports.items():
                for family in sorted(host.families & host.listens.get(port, BOTH) & ALONE):
                    await self._start(site, host, port, service, family)

    async def together(self) -> None:
        """Start the web server that answers, on loopback, for every host with IPv6 at the address they share."""
        known = {site.fqdn(host): (site, host) for site, host in city.hosts() if Family.IPV6 in host.families}
        contexts = {name: self.tls(site, host, Family.IPV6) for name, (site, host) in known.items()}

        def choose(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
            if name in contexts:
                connection.context = contexts[name]

        front = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        front.sni_callback = choose
        for port, tls in ((80, None), (443, front)):
            talk = _pages(lambda asked: known.get(asked.host), Family.IPV6, secure=tls is not None)
            await asyncio.start_server(finishing(talk), ground.ONE_FOR_ALL, port, ssl=tls)

    async def _start(self, site: Site, host: Host, port: int, service: Service, family: Family) -> None:
        secure = service is Service.HTTPS
        talk = TALKS.get(service) or _pages(lambda _: (site, host), family, secure=secure)
        tls = self.tls(site, host, family) if secure else None
        await asyncio.start_server(finishing(talk), str(site.address(host, family)), port, ssl=tls)

    def tls(self, site: Site, host: Host, family: Family) -> ssl.SSLContext:
        """Return the TLS context of a host over *family*."""
        chain = self.authority.leaf((site.fqdn(host),), host.certs[family])
        made = context(chain, old_tls=host.old_tls, lenient=family in host.lenient)
        if family in host.http2:
            made.set_alpn_protocols([web2.PROTOCOL, "http/1.1"])
        self.contexts.setdefault(site.fqdn(host), []).append(made)
        return made


def _manner(name: Name, many: int) -> Respond:
    zones = served_by(name, many)
    return authoritative(zones) if zones else refusing()


async def _one_of_many(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if asked := await web.request(reader):
        own = scale.name(scale.owner(writer))
        sheet = archive.sheet(asked.path)
        page = web.page(own) if sheet is None else sheets.written(sheet)
        writer.write(web.written(web.Answer(HTTPStatus.OK, page), with_body=True))


def _pages(choose: web.Choose, family: Family, *, secure: bool) -> Talk:
    """Answer as the hosts that *choose* names, over HTTP/2 where both sides agreed on it."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tls = writer.get_extra_info("ssl_object")
        if tls is not None and tls.selected_alpn_protocol() == web2.PROTOCOL:
            await web2.serve(reader, writer, partial(web.reply_to, choose=choose, family=family, secure=secure))
        else:
            await web.serve(reader, writer, choose, family, secure=secure)

    return talk


def finishing(talk: Talk, patience: float = 30.0) -> Connection:
    """Wrap *talk* so that its connection is closed in the end, whatever the client does."""

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(patience):
                await talk(reader, writer)
                await writer.drain()
        except (TimeoutError, OSError, ssl.SSLError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(OSError, ssl.SSLError, TimeoutError):
                await asyncio.wait_for(writer.wait_closed(), 5)

    return connection

"""The servers of one namespace, all in one process."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from probes.target import Family
from tests.lab import city, web
from tests.lab.banners import TALKS, Talk
from tests.lab.dns_server import Respond, authoritative, listen, refusing
from tests.lab.model import BOTH, Cert, Host, Name, Service, Site, ipv4, ipv6
from tests.lab.network import server_addresses
from tests.lab.pki import Authority, context
from tests.lab.resolver import Resolver
from tests.lab.zones import root_zone, served_by

Start = Callable[[], Awaitable[None]]
Connection = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Servers:
    """What runs where: one start function for each namespace that serves."""

    authority: Authority

    def by_node(self) -> dict[str, Start]:
        """Return the start functions by namespace."""
        roots = (ipv4(city.ROOT, 53), ipv6(city.ROOT, 53))
        resolver = Resolver([str(address) for address in roots])
        starts: dict[str, Start] = {
            "root": lambda: listen(roots, authoritative([root_zone()])),
            "resolver": lambda: listen((ipv4(city.RESOLVER, 53), ipv6(city.RESOLVER, 53)), resolver.respond()),
        }
        for name in Name:
            starts[name.value] = lambda name=name: listen(  # type: ignore[misc]
                server_addresses(name), _manner(name), tcp=name is not Name.NS5
            )
        for site in city.SITES:
            starts[site.key] = lambda site=site: self.agency(site)  # type: ignore[misc]
        return starts

    async def agency(self, site: Site) -> None:
        """Start every service of every host of *site*."""
        for host in site.hosts:
            for port, service in host.ports.items():
                for family in sorted(host.families & host.listens.get(port, BOTH)):
                    await self._start(site, host, port, service, family)

    async def _start(self, site: Site, host: Host, port: int, service: Service, family: Family) -> None:
        secure = service is Service.HTTPS
        connection = finishing(TALKS[service]) if service in TALKS else _pages(site, host, family, secure=secure)
        tls = self.tls(site, host, host.certs[family]) if secure else None
        await asyncio.start_server(connection, str(site.address(host, family)), port, ssl=tls)

    def tls(self, site: Site, host: Host, state: Cert) -> ssl.SSLContext:
        """Return the TLS context of a host with a certificate in *state*."""
        return context(self.authority.leaf((site.fqdn(host),), state), old_tls=host.old_tls)


def _manner(name: Name) -> Respond:
    zones = served_by(name)
    return authoritative(zones) if zones else refusing()


def _pages(site: Site, host: Host, family: Family, *, secure: bool) -> Connection:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await web.serve(reader, writer, site, host, family, secure=secure)

    return finishing(talk)


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

"""The hostile site as a site of the city: one host for each way of attacking a client."""

from __future__ import annotations

from tests.lab import city
from tests.lab.hostile_http import Script, http_cases, text_cases
from tests.lab.hostile_tls import CERTIFICATES, tls_cases
from tests.lab.model import SUFFIX, Host, Service, Site

ZONE = f"hostile.{SUFFIX}"
_FIRST = 60
"""The number of the first hostile host; below it live the name servers of odd answers."""

Json = dict[str, object]


def truth() -> dict[str, Json]:
    """Return by name what a careful client concludes: any of *expect*, within its own limits of time and memory.

    The words are the names of failures, `ok`, `clipped` for the beginning of a body that it says is one, and
    `not_followed` for a redirect noted and left alone.
    """
    return {
        **{f"{name}.{ZONE}": _expect(80, *expect) for name, (_, expect) in http_cases().items()},
        **{f"{name}.{ZONE}": {**_expect(80, "ok"), "title": title} for name, (_, title) in text_cases().items()},
        **{f"{name}.{ZONE}": _expect(443, *expect) for name, (_, expect) in tls_cases().items()},
        **{f"{name}.{ZONE}": {**_expect(443, "ok"), "certificate": state} for name, state in CERTIFICATES.items()},
    }


def _expect(port: int, *outcomes: str) -> Json:
    return {"port": port, "expect": list(outcomes)}


def scripts() -> dict[str, Script]:
    """Return what each hostile host sends, for those that need no handshake first."""
    attacks = {**http_cases(), **tls_cases()}
    return {name: script for name, (script, _) in attacks.items()} | {
        name: script for name, (script, _) in text_cases().items()
    }


def site() -> Site:
    """Return the hostile site; its hosts bear the names of their behaviours."""
    hosts = tuple(
        Host(name.removesuffix(f".{ZONE}"), _FIRST + index, {port: Service.HOSTILE}, declared=frozenset({port}))
        for index, (name, port) in enumerate((name, int(str(entry["port"]))) for name, entry in truth().items())
    )
    honest = Host("honest", city.HONEST, {80: Service.HTTP}, declared=frozenset({80}))
    return Site("hostile", city.HOSTILE, "演示：恶意主机", "Demo: hostile hosts", (honest, *hosts), domain="hostile")

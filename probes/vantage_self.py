"""Whether we can see at all: our own IPv4, our own IPv6, whether pings come back, and the resolvers we use."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from probes.observation import SAMPLE, Facts, GapReason, Sighting, Subject
from probes.outlook import Outlook, Sending, asking, connecting
from probes.registry import probe
from probes.target import Address, Family, Target
from probes.wire import Contact, NotLooked, Unreached, Wire
from probes.wire.ledger import What
from probes.wire.recursion import Recursion

ECHO = "icmp"
"""The scheme of the subjects that say whether controls answer ping, one a family."""

_ECHOES = 2
"""Requests to each control: one lost packet must not read as a filter of ours."""
_BLIND = frozenset(GapReason.blind(family) for family in Family)


class Proof(StrEnum):
    """What the answer rests on."""

    CONTROLS = "controls"
    RESOLVERS = "resolvers"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class VantageSelf(Facts):
    """Whether one of our families works, ping over it, or one of our resolvers; *alive* is None when not settled.

    *tried* are the control contacts, the controls pinged or the resolvers asked, *answered* those of them that
    did. *fastest* is the shortest time to an answer, in seconds. *silent_ports* are those that controls were
    tried on and none answered.
    """

    alive: bool | None
    proof: Proof
    tried: tuple[str, ...]
    answered: tuple[str, ...] = field(metadata=SAMPLE)
    fastest: float | None = field(metadata=SAMPLE)
    silent_ports: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Trial:
    """One thing tried: the seconds to its answer if it gave one, and the gap if it could not be asked."""

    what: str
    seconds: float | None = None
    gap: GapReason | None = None
    port: int = 0

    @property
    def asked(self) -> bool:
        """Whether it says anything of us: that nothing could leave does."""
        return self.gap is None or self.gap in _BLIND


_WORDS = {
    "alive": ("可用", "alive"),
    "proof": ("依据", "proof"),
    "silent_ports": ("无一应答的端口", "silent ports"),
    "tried": ("试过", "tried"),
}


def _sends(outlook: Outlook) -> Iterator[Sending]:
    own = outlook.surroundings
    contacts = [contact for family in Family for contact in own.controls.get(family, ())]
    pings = _ECHOES * len({contact.address for contact in contacts})
    yield connecting(What.TCP_CONNECT, len(contacts))
    yield Sending(What.ECHO, pings, pings)
    yield asking(3 * len(own.resolvers), usual=2 * len(own.resolvers))


@probe(
    facts=VantageSelf,
    words=_WORDS,
    doing=("自检监测点", "looking at ourselves"),
    every=60.0,
    deadline=30.0,
    stage=0,
    sends=_sends,
)
async def vantage_self(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
    """Do we ourselves have IPv4 and IPv6, do pings of ours come back, and do our resolvers work?

    A family works when, on each port for which it has controls, one of them answers; where all of a port are silent,
    something near us may swallow what we send there, and we are blind.
    Without controls, a resolver that answers over the family is proof enough, having no route to one is proof of
    blindness, and its silence is no proof at all. A resolver works when it answers the control question.
    Controls are sent echo requests too. Where none of a family answers, nobody's silence to ping means anything.

    Source: RFC 2330 6.2 (whoever measures accounts for the instrument first).
    """
    own, recursion = wire.surroundings, Recursion(wire.surroundings, nonce=lambda: f"{wire.now():%Y%m%d%H%M}")
    contacts = [contact for family in Family for contact in own.controls.get(family, ())]
    pinged = list(dict.fromkeys(contact.address for contact in contacts))
    controls, echoes, resolvers = await asyncio.gather(
        asyncio.gather(*(_contact(wire, contact) for contact in contacts)),
        asyncio.gather(*(_echo(wire, address) for address in pinged)),
        asyncio.gather(*(_resolver(wire, recursion, server) for server in own.resolvers)),
    )
    for family in Family:
        tried = _over(family, [contact.address for contact in contacts], controls)
        over = _over(family, own.resolvers, resolvers)
        yield Sighting(Subject(family=family), _by_controls(tried) if tried else _by_resolvers(over))
        if pings := _over(family, pinged, echoes):
            yield Sighting(Subject(family=family, scheme=ECHO), _by_controls(pings))
    for trial in resolvers:
        yield Sighting(Subject(server=trial.what), trial.gap or _facts([trial], Proof.RESOLVERS), trial.seconds or 0.0)


def _over(family: Family, addresses: Sequence[Address], trials: Sequence[_Trial]) -> list[_Trial]:
    return [trial for trial, at in zip(trials, addresses, strict=True) if Family.of(at) is family]


async def _contact(wire: Wire, contact: Contact) -> _Trial:
    what = str(Subject(port=contact.port, address=contact.address, scheme="tcp"))
    try:
        return _Trial(what, await wire.connect(contact.address, contact.port), port=contact.port)
    except Unreached:
        return _Trial(what, port=contact.port)
    except NotLooked as refusal:
        return _Trial(what, gap=refusal.reason, port=contact.port)


async def _echo(wire: Wire, address: Address) -> _Trial:
    what = str(Subject(address=address, scheme=ECHO))
    try:
        return _Trial(what, min(await wire.echo(address, count=_ECHOES)))
    except Unreached:
        return _Trial(what)
    except NotLooked as refusal:
        return _Trial(what, gap=refusal.reason)


async def _resolver(wire: Wire, recursion: Recursion, server: Address) -> _Trial:
    try:
        return _Trial(str(server), await recursion.works(server, wire.ask))
    except NotLooked as refusal:
        return _Trial(str(server), gap=refusal.reason)


def _by_controls(trials: Sequence[_Trial]) -> VantageSelf | GapReason:
    """Judge a family by its controls, port by port: a port none of whose controls could be asked leaves a gap."""
    facts = _facts(trials, Proof.CONTROLS)
    silent = _silent(trials)
    deaf = any(trial.asked for trial in silent)
    kept_from = next((trial.gap for trial in silent if trial.gap is not None), None)
    return facts if deaf or kept_from is None else kept_from


def _by_resolvers(trials: Sequence[_Trial]) -> VantageSelf:
    facts = _facts(trials, Proof.RESOLVERS)
    if facts.answered or (trials and all(trial.gap in _BLIND for trial in trials)):
        return facts
    return VantageSelf(None, Proof.NOTHING, facts.tried, (), None)


def _facts(trials: Sequence[_Trial], proof: Proof) -> VantageSelf:
    answered = [(trial.what, trial.seconds) for trial in trials if trial.seconds is not None]
    silent = _silent(trials)
    return VantageSelf(
        alive=bool(trials) and not silent,
        proof=proof,
        tried=tuple(trial.what for trial in trials),
        answered=tuple(what for what, _ in answered),
        fastest=min((seconds for _, seconds in answered), default=None),
        silent_ports=tuple(sorted({trial.port for trial in silent if trial.port})),
    )


def _silent(trials: Sequence[_Trial]) -> list[_Trial]:
    """Return what was tried on ports on which nothing answered."""
    heard = {trial.port for trial in trials if trial.seconds is not None}
    return [trial for trial in trials if trial.port not in heard]

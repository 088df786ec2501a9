"""Whether we can see at all: our own IPv4, our own IPv6, and the resolvers we use."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from probes.observation import SAMPLE, Facts, GapReason, Sighting, Subject
from probes.registry import probe
from probes.target import Address, Family, Target
from probes.wire import Contact, NotLooked, Unreached, Wire
from probes.wire.recursion import Recursion

_BLIND = frozenset(GapReason.blind(family) for family in Family)


class Proof(StrEnum):
    """What the answer rests on."""

    CONTROLS = "controls"
    RESOLVERS = "resolvers"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class VantageSelf(Facts):
    """Whether one of our families works, or one of our resolvers; *alive* is None when that could not be settled.

    *tried* are the control contacts or the resolvers asked, *answered* those of them that did. *fastest* is the
    shortest time to an answer, in seconds.
    """

    alive: bool | None
    proof: Proof
    tried: tuple[str, ...]
    answered: tuple[str, ...] = field(metadata=SAMPLE)
    fastest: float | None = field(metadata=SAMPLE)


@dataclass(frozen=True, slots=True)
class _Trial:
    """One thing tried: the seconds to its answer if it gave one, and the gap if it could not be asked."""

    what: str
    seconds: float | None = None
    gap: GapReason | None = None


_WORDS = {
    "alive": ("可用", "alive"),
    "proof": ("依据", "proof"),
    "tried": ("试过", "tried"),
}


@probe(
    facts=VantageSelf, words=_WORDS, doing=("自检监测点", "looking at ourselves"), every=60.0, deadline=30.0, stage=0
)
async def vantage_self(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
    """Do we ourselves have IPv4 and IPv6, and do our resolvers work?

    A family works when one control contact of it answers; when controls are configured and none does, we are blind.
    Without controls, a resolver that answers over the family is proof enough, having no route to one is proof of
    blindness, and its silence is no proof at all. A resolver works when it answers the control question.

    Source: RFC 2330 6.2 (whoever measures accounts for the instrument first).
    """
    own, recursion = wire.surroundings, Recursion(wire.surroundings, nonce=lambda: f"{wire.now():%Y%m%d%H%M}")
    contacts = [(family, contact) for family in Family for contact in own.controls.get(family, ())]
    controls, resolvers = await asyncio.gather(
        asyncio.gather(*(_contact(wire, contact) for _, contact in contacts)),
        asyncio.gather(*(_resolver(wire, recursion, server) for server in own.resolvers)),
    )
    for family in Family:
        tried = [trial for trial, (of, _) in zip(controls, contacts, strict=True) if of is family]
        over = [trial for trial, server in zip(resolvers, own.resolvers, strict=True) if Family.of(server) is family]
        yield Sighting(Subject(family=family), _by_controls(tried) if tried else _by_resolvers(over))
    for trial in resolvers:
        yield Sighting(Subject(server=trial.what), trial.gap or _facts([trial], Proof.RESOLVERS), trial.seconds or 0.0)


async def _contact(wire: Wire, contact: Contact) -> _Trial:
    what = str(Subject(port=contact.port, address=contact.address, scheme="tcp"))
    try:
        return _Trial(what, await wire.connect(contact.address, contact.port))
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
    """Judge a family by its controls; when not one could be asked, for another reason than blindness, it is a gap."""
    asked = [trial for trial in trials if trial.gap is None or trial.gap in _BLIND]
    kept_from = next((trial.gap for trial in trials if trial.gap is not None), None)
    return _facts(trials, Proof.CONTROLS) if asked or kept_from is None else kept_from


def _by_resolvers(trials: Sequence[_Trial]) -> VantageSelf:
    facts = _facts(trials, Proof.RESOLVERS)
    if facts.answered or (trials and all(trial.gap in _BLIND for trial in trials)):
        return facts
    return VantageSelf(None, Proof.NOTHING, facts.tried, (), None)


def _facts(trials: Sequence[_Trial], proof: Proof) -> VantageSelf:
    answered = [(trial.what, trial.seconds) for trial in trials if trial.seconds is not None]
    return VantageSelf(
        alive=bool(answered),
        proof=proof,
        tried=tuple(trial.what for trial in trials),
        answered=tuple(what for what, _ in answered),
        fastest=min((seconds for _, seconds in answered), default=None),
    )

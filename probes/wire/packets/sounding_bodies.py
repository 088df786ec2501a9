"""How the messages about soundings are spelled; what cannot be spelled so, or read so, is a ValueError."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address

from probes.observation import Failure
from probes.target import Address, Family
from probes.wire.packets.messages import Returned, Sound
from probes.wire.sounding import Carrier, Dressing, Sounded, Sounding, Word

SIZE_LIMIT = 2000
"""Most octets of a sounding: what comes back is read whole."""
SMALLEST = 64
"""Fewest octets of a plain sounding: headers, and a cookie."""
SMALLEST_DRESSED = 128
TIMEOUT_LIMIT = 30.0
"""Longest a sounding may wait for its answer, in seconds."""

_SOUND, _RETURNED = struct.Struct("!BBBHHd"), struct.Struct("!BdHB")
_ADDRESSES: dict[int, type[IPv4Address] | type[IPv6Address]] = {4: IPv4Address, 16: IPv6Address}
_IPV6_ONLY = frozenset({Dressing.DESTINATION_OPTIONS, Dressing.HOP_BY_HOP_OPTIONS})
_SPEECHLESS = frozenset({Word.SILENT, Word.TOO_BIG})
"""Words that may have nobody to say them."""
# The place in these lists is the code on the wire: append, never reorder.
_CARRIERS = (Carrier.ECHO, Carrier.DATAGRAM)
_DRESSINGS = (Dressing.PLAIN, Dressing.FRAGMENTED, Dressing.DESTINATION_OPTIONS, Dressing.HOP_BY_HOP_OPTIONS)
_WORDS = (Word.ANSWERED, Word.TOO_BIG, Word.EXPIRED, Word.UNREACHABLE, Word.REFUSED, Word.SILENT)
_FAILURES = (None, Failure.NETWORK_UNREACHABLE, Failure.HOST_UNREACHABLE, Failure.ADMIN_PROHIBITED)


def write_sound(sound: Sound) -> bytes:
    """Return *sound* without its token."""
    _check(sound)
    asked = sound.sounding
    kinds = _CARRIERS.index(asked.carrier), _DRESSINGS.index(asked.dressing)
    return _SOUND.pack(*kinds, asked.hop_limit, asked.size, asked.flow, asked.timeout) + sound.address.packed


def read_sound(token: int, body: bytes) -> Sound:
    """Read a request for a sounding."""
    if (address := _ADDRESSES.get(len(body) - _SOUND.size)) is None:
        raise ValueError("no address of either family")
    carrier, dressing, hop_limit, size, flow, timeout = _SOUND.unpack_from(body)
    if carrier >= len(_CARRIERS) or dressing >= len(_DRESSINGS):
        raise ValueError("no such packet")
    asked = Sounding(size, _CARRIERS[carrier], _DRESSINGS[dressing], hop_limit, flow, timeout)
    sound = Sound(token, address(body[_SOUND.size :]), asked)
    _check(sound)
    return sound


def write_returned(returned: Returned) -> bytes:
    """Return *returned* without its token."""
    _check_returned(returned.sounded)
    said = returned.sounded
    source = b"" if said.source is None else said.source.packed
    return _RETURNED.pack(_WORDS.index(said.word), said.seconds, said.mtu, _FAILURES.index(said.failure)) + source


def read_returned(token: int, body: bytes) -> Returned:
    """Read what came of a sounding."""
    if len(body) < _RETURNED.size:
        raise ValueError("cut short")
    word, seconds, mtu, failure = _RETURNED.unpack_from(body)
    if word >= len(_WORDS) or failure >= len(_FAILURES):
        raise ValueError("no such word")
    source = _source(body[_RETURNED.size :])
    said = Sounded(_WORDS[word], source, seconds, mtu, _FAILURES[failure])
    _check_returned(said)
    return Returned(token, said)


def _source(packed: bytes) -> Address | None:
    if not packed:
        return None
    if (kind := _ADDRESSES.get(len(packed))) is None:
        raise ValueError("no address of either family")
    return kind(packed)


def _check(sound: Sound) -> None:
    asked, family = sound.sounding, Family.of(sound.address)
    if asked.dressing in _IPV6_ONLY and family is Family.IPV4:
        raise ValueError("a header that IPv4 does not have")
    plain = asked.dressing is Dressing.PLAIN
    _within("octets", asked.size, SMALLEST if plain else SMALLEST_DRESSED, SIZE_LIMIT)
    _within("hop limit", asked.hop_limit, 1, 255)
    _within("flow", asked.flow, 0, 0xFFFF)
    _within("timeout", asked.timeout, 0.0, TIMEOUT_LIMIT)


def _check_returned(said: Sounded) -> None:
    if (said.source is None) != (said.word is Word.SILENT) and said.word not in _SPEECHLESS:
        raise ValueError("a word that nobody said")
    if said.word is Word.SILENT and said.source is not None:
        raise ValueError("silence that somebody broke")
    if said.mtu and said.word is not Word.TOO_BIG:
        raise ValueError("an MTU beside the question")
    if (said.failure is None) == (said.word is Word.UNREACHABLE):
        raise ValueError("a failure beside the question, or none to it")
    _within("seconds", said.seconds, 0.0, TIMEOUT_LIMIT)


def _within(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:  # false for NaN as well
        raise ValueError(f"{name}: {value}, not {least} to {most}")

"""The inputs that are kept: for each target those that once led somewhere new, or found a defect."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from random import Random

CORPUS = Path(__file__).parent / "corpus"
LONGEST = 4096
_TELLING = (b"\x00", b"\xff", b"\x7f", b"\x80", b"\xc0\x0c", b"\r\n", b"\x00\x00", b"\xff\xff")


def kept(name: str) -> Sequence[bytes]:
    """Return what is kept for the target *name*, in an order that never changes."""
    return [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]


def keep(name: str, data: bytes) -> Path:
    """Keep *data* for the target *name*."""
    path = CORPUS / name / hashlib.sha256(data).hexdigest()[:16]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def mutated(seeds: Sequence[bytes], random: Random) -> bytes:
    """Return one of *seeds* with some octets changed, doubled, cut or brought in from another one."""
    data = bytearray(random.choice(seeds))
    for _ in range(random.randint(1, 6)):
        at = random.randint(0, len(data))
        match random.randint(0, 5):
            case 0:
                data[at : at + 1] = random.randbytes(1)
            case 1:
                del data[at : at + random.randint(1, 16)]
            case 2:
                data[at : at + 2] = random.choice(_TELLING)
            case 3:
                other = random.choice(seeds)
                begin = random.randint(0, len(other))
                data[at:at] = other[begin : begin + random.randint(1, 64)]
            case 4:
                data[at:at] = data[at : at + random.randint(1, 32)]
            case _:
                del data[at:]
    return bytes(data[:LONGEST])

"""A line with delay, where the kernel has none to offer: `python -m tests.bench.slow_wire SECONDS`, in a namespace.

Whatever is sent to FAR comes back after SECONDS as if FAR had sent it: our own servers answer there, at a distance.
Both addresses of a packet change places, which leaves every checksum as it was.
"""

from __future__ import annotations

import fcntl
import os
import select
import struct
import subprocess
import sys
import time
from collections import deque

NEAR = ("10.79.0.1", "fd79::1")
FAR = ("10.79.0.2", "fd79::2")
DEVICE = "slow"
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_MTU = 1500


def main(delay: float) -> None:
    """Make the line, say so, and hold every packet back for *delay* seconds."""
    line = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(line, _TUNSETIFF, struct.pack("16sH", DEVICE.encode(), _IFF_TUN | _IFF_NO_PI))
    for command in (
        "link set lo up",
        f"link set {DEVICE} up mtu {_MTU} txqueuelen 10000",
        f"addr add {NEAR[0]}/24 dev {DEVICE}",
        f"addr add {NEAR[1]}/64 dev {DEVICE} nodad",
    ):
        subprocess.run(["ip", *command.split()], check=True)
    print("ready", flush=True)
    held: deque[tuple[float, bytes]] = deque()
    while True:
        wait = max(0.0, held[0][0] - time.monotonic()) if held else None
        if select.select([line], [], [], wait)[0]:
            _take(line, held, delay)
        while held and held[0][0] <= time.monotonic():
            os.write(line, held.popleft()[1])


def _take(line: int, held: deque[tuple[float, bytes]], delay: float) -> None:
    while True:
        try:
            packet = os.read(line, _MTU + 64)
        except BlockingIOError:
            return
        if (turned := _turned(packet)) is not None:
            held.append((time.monotonic() + delay, turned))


def _turned(packet: bytes) -> bytes | None:
    """Return *packet* with its addresses in each other's place; None for what is not between NEAR and FAR."""
    first, width = (12, 4) if packet[0] >> 4 == 4 else (8, 16)
    source, target = packet[first : first + width], packet[first + width : first + 2 * width]
    if source[:2] != target[:2]:
        return None
    return packet[:first] + target + source + packet[first + 2 * width :]


if __name__ == "__main__":
    main(float(sys.argv[1]))

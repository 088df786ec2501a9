"""Somebody on a link who pretends to be its router: `python -m tests.lab_tests.rogue INTERFACE PID` until it is ended.

Its process id is written to the file PID.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

from tests.probes.link_frames import advertisement, dhcpv4

PREFIX = "2001:db8:bad::/64"
PAUSE = 1.0


def main(interface: str, pid: Path) -> None:
    """Advertise, and offer addresses to nobody who asked."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind((interface, 0))
        pid.write_text(str(os.getpid()))
        print("ready", flush=True)
        while True:
            sender.send(advertisement(PREFIX))
            sender.send(dhcpv4())
            time.sleep(PAUSE)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

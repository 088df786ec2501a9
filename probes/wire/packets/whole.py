"""Raw sockets that send whole packets, IP header included, and never cut them up."""

from __future__ import annotations

import errno
import socket
from ipaddress import ip_address

from probes.observation import GapReason
from probes.target import Address, Family
from probes.wire import NotLooked
from probes.wire.packets.raw import reason

_MTU_DISCOVER = {Family.IPV4: (socket.IPPROTO_IP, 10), Family.IPV6: (socket.IPPROTO_IPV6, 23)}
_ALWAYS_ASK = 3  # linux/in.h: IP_PMTUDISC_PROBE; what the kernel has learnt of a path's MTU is not applied
_DISCARD = 9
"""The port named to learn our own address; nothing is sent to it."""


class WholePackets:
    """The exit for crafted packets of one family.

    Raises:
        NotLooked: NO_RAW_SOCKET without CAP_NET_RAW; the family's blindness when this machine does not speak it.
    """

    def __init__(self, family: Family) -> None:
        self.family = family
        try:
            self._socket = socket.socket(
                family.socket_family, socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC, socket.IPPROTO_RAW
            )
        except PermissionError as error:
            raise NotLooked(GapReason.NO_RAW_SOCKET, "no CAP_NET_RAW") from error
        except OSError as error:
            raise NotLooked(GapReason.blind(family), error.strerror or "") from error
        self._socket.setsockopt(*_MTU_DISCOVER[family], _ALWAYS_ASK)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def source(self, address: Address) -> Address:
        """Return our own address towards *address*; nothing is sent to find out.

        Raises:
            NotLooked: there is no way there from here.
        """
        with socket.socket(self.family.socket_family, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            try:
                sock.connect((str(address), _DISCARD))
            except OSError as error:
                raise NotLooked(reason(self.family, error.errno), error.strerror or "") from error
            return ip_address(str(sock.getsockname()[0]).partition("%")[0])

    def send(self, address: Address, packet: bytes) -> bool:
        """Send one packet; return False when it is longer than our own link carries.

        Raises:
            NotLooked: it did not leave this machine.
        """
        try:
            self._socket.sendto(packet, (str(address), 0))
        except OSError as error:
            if error.errno == errno.EMSGSIZE:
                return False
            raise NotLooked(reason(self.family, error.errno), error.strerror or "") from error
        return True

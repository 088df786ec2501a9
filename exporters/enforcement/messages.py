"""The control messages a host must hear for its connections to work.

Source: RFC 4890 4.4.1 and 4.4.2 (ICMPv6); RFC 1812 4.3 and RFC 1191 for ICMP, of which the same needs are let in.
"""

from __future__ import annotations

Message = tuple[int, int]
"""A type and a code."""

ICMP: tuple[Message, ...] = (
    (0, 0),
    *((3, code) for code in (0, 1, 2, 3, 4, 9, 10, 13)),
    (8, 0),
    (11, 0),
    (11, 1),
    (12, 0),
)
"""Echo and its reply, unreachable (4 is what path-MTU discovery lives by), time exceeded, parameter problem."""

ICMPV6: tuple[Message, ...] = (
    *((1, code) for code in range(7)),
    (2, 0),
    (3, 0),
    (3, 1),
    (4, 0),
    (4, 1),
    (4, 2),
    (128, 0),
    (129, 0),
    *((kind, 0) for kind in (133, 134, 135, 136)),
)
"""Unreachable, packet too big, time exceeded, parameter problem, echo and its reply, neighbour discovery."""

"""Services that have no business on the internet, just alive enough to be recognised."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable

from tests.lab.model import Service

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def ssh(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send the identification string and wait for the client's. Source: RFC 4253 4.2."""
    writer.write(b"SSH-2.0-OpenSSH_9.2p1 demo\r\n")
    await reader.readline()


async def telnet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Offer to echo and ask for a login. Source: RFC 854, RFC 857."""
    writer.write(b"\xff\xfb\x01\xff\xfb\x03\r\nKaiping demo router\r\nlogin: ")
    await reader.readline()


async def mysql(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send the initial handshake of protocol 10 and deny whoever answers."""
    capabilities = 0xF7FF
    greeting = b"\x0a8.0.36-demo\0" + struct.pack("<I", 7) + b"abcdefgh\0"
    greeting += struct.pack("<HBHH", capabilities, 45, 2, 0x80) + b"\x15" + bytes(10) + b"ijklmnopqrst\0"
    greeting += b"mysql_native_password\0"
    writer.write(_packet(0, greeting))
    if await reader.read(4096):
        writer.write(_packet(2, b"\xff" + struct.pack("<H", 1045) + b"#28000Access denied"))


def _packet(sequence: int, payload: bytes) -> bytes:
    return struct.pack("<I", len(payload))[:3] + bytes([sequence]) + payload


async def redis(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer PING, INFO and QUIT, inline or as arrays, without asking for a password."""
    while line := await reader.readline():
        words = [line.strip()]
        if line.startswith(b"*") and line[1:].strip().isdigit():
            words = [await _bulk(reader) for _ in range(min(int(line[1:]), 16))]
        command = words[0].split(b" ")[0].upper() if words else b""
        if command == b"PING":
            writer.write(b"+PONG\r\n")
        elif command == b"INFO":
            text = b"# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n"
            writer.write(b"$%d\r\n%s\r\n" % (len(text), text))
        elif command == b"QUIT":
            writer.write(b"+OK\r\n")
            return
        else:
            writer.write(b"-ERR unknown command\r\n")
        await writer.drain()


async def _bulk(reader: asyncio.StreamReader) -> bytes:
    size = (await reader.readline())[1:].strip()
    length = min(int(size), 4096) if size.isdigit() else 0
    return (await reader.readexactly(length + 2))[:-2]


async def smb(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer a negotiation with SMB 3.1.1's header and STATUS_NOT_SUPPORTED. Source: MS-SMB2 2.2.1, 2.2.2."""
    if not await reader.read(4096):
        return
    header = b"\xfeSMB" + struct.pack("<HHIHHIIQIIQ", 64, 0, 0xC00000BB, 0, 1, 1, 0, 0, 0, 0, 0) + bytes(16)
    body = struct.pack("<HBBI", 9, 0, 0, 0) + b"\0"
    writer.write(struct.pack(">I", len(header) + len(body)) + header + body)


TALKS: dict[Service, Talk] = {
    Service.SSH: ssh,
    Service.TELNET: telnet,
    Service.MYSQL: mysql,
    Service.REDIS: redis,
    Service.SMB: smb,
}

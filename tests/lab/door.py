"""A door between two networks that share files: whoever comes to a Unix socket is led to a TCP port on this side."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from pathlib import Path


async def join(
    left: asyncio.StreamReader,
    left_out: asyncio.StreamWriter,
    right: asyncio.StreamReader,
    right_out: asyncio.StreamWriter,
) -> None:
    """Carry what comes from either side to the other until both have ended."""
    await asyncio.gather(_carry(left, right_out), _carry(right, left_out))


async def _carry(source: asyncio.StreamReader, goal: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65536):
            goal.write(data)
            await goal.drain()
    goal.close()


async def _open(path: Path, host: str, port: int) -> None:
    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inside = await asyncio.open_connection(host, port)
        except OSError:
            writer.close()
            return
        await join(reader, writer, *inside)

    path.unlink(missing_ok=True)
    server = await asyncio.start_unix_server(lead, path)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    # Ctrl-C at a terminal is for whoever opened the door; they close it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(_open(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))

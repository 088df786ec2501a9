"""The first process of the city: makes the network, forks the servers, and takes everything with it when it ends."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import select
import signal
import socket
import sys
import time
from pathlib import Path

from tests.lab import city, fabric, ground, network
from tests.lab.faults import Switchboard
from tests.lab.lifecycle import Ready
from tests.lab.model import SUFFIX, ipv4, ipv6
from tests.lab.pki import Authority
from tests.lab.serve import Servers, Start

_STARTING = 30.0


def supervise(folder: Path, many: int) -> None:
    """Bring the city and *many* hosts up inside the namespaces this process was started in, then wait for ever."""
    if ground.ON_LOOPBACK:
        asyncio.run(_alone(folder))
        return
    began = time.monotonic()
    fabric.run("mount", "--make-rprivate", "/")
    fabric.run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    Path("/run/netns").mkdir()
    _name_service()
    nodes = network.nodes(many)
    fabric.build(nodes, many)
    wired = time.monotonic()
    board = Switchboard(folder)
    servers = Servers(Authority.create(folder), board, many)
    children = _fork(servers.by_node(), folder, board)
    ready: Ready = {
        "namespaces": [network.ROUTER, *(node.name for node in nodes)],
        "servers": children,
        "network_seconds": round(wired - began, 3),
        "seconds": round(time.monotonic() - began, 3),
    }
    _publish(folder / "ready.json", ready)
    while True:
        pid, status = os.wait()
        dead = next((name for name, child in children.items() if child == pid), None)
        if dead:
            sys.stderr.write(f"the servers of {dead} ended with status {status}\n")
            sys.stderr.flush()


async def _alone(folder: Path) -> None:
    """Serve the city on loopback, all of it in this process; there is no network to make."""
    began = time.monotonic()
    for start in Servers(Authority.create(folder), Switchboard(folder)).by_node().values():
        await start()
    ready: Ready = {
        "namespaces": [],
        "servers": {},
        "network_seconds": 0.0,
        "seconds": round(time.monotonic() - began, 3),
    }
    _publish(folder / "ready.json", ready)
    await asyncio.Event().wait()


def _publish(path: Path, content: object) -> None:
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(content))
    draft.rename(path)


def _name_service() -> None:
    """Inside, names come from the city's resolver and from nowhere else; but our own needs no resolver."""
    socket.sethostname("kaiping")
    texts = {
        "hosts": "127.0.0.1 localhost kaiping\n::1 localhost kaiping\n",
        "resolv.conf": f"nameserver {ipv4(city.RESOLVER, 53)}\nnameserver {ipv6(city.RESOLVER, 53)}\n"
        f"options timeout:3 attempts:1\nsearch {SUFFIX}\n",
    }
    for name, text in texts.items():
        real = Path("/etc", name).resolve()
        own = Path("/run", name)
        own.write_text(text)
        if real.is_relative_to("/run"):
            # A link into /run, as systemd-resolved makes it, leads into the city's own /run.
            real.parent.mkdir(parents=True, exist_ok=True)
            real.write_text(text)
        elif real.exists():
            fabric.run("mount", "--bind", str(own), str(real))


def _fork(starts: dict[str, Start], folder: Path, board: Switchboard) -> dict[str, int]:
    """Start one process for each namespace that serves; return their ids once all of them listen.

    Raises:
        RuntimeError: one of them does not.
    """
    gc.collect()
    gc.freeze()
    children: dict[str, int] = {}
    reading, writing = os.pipe()
    for name, start in starts.items():
        child = os.fork()
        if child == 0:
            os.close(reading)
            _be(name, start, writing, board)
        children[name] = child
    os.close(writing)
    listening, deadline = 0, time.monotonic() + _STARTING
    while listening < len(children):
        if not select.select([reading], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise RuntimeError("not every server came up in time")
        heard = os.read(reading, 64)
        if not heard:
            raise RuntimeError(f"a server did not come up; see {folder}/log")
        listening += len(heard)
    os.close(reading)
    return children


def _be(name: str, start: Start, ready: int, board: Switchboard) -> None:
    """Become the servers of namespace *name*; does not return."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        fabric.enter(name)
        asyncio.run(_serve(start, ready, board))
    except BaseException as error:
        os.write(2, f"{name}: {error!r}\n".encode())
    finally:
        os._exit(1)


async def _serve(start: Start, ready: int, board: Switchboard) -> None:
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, board.read)
    await start()
    os.write(ready, b".")
    os.close(ready)
    await asyncio.Event().wait()

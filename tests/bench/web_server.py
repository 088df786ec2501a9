"""nginx in the open or in a namespace: any name behind one certificate and its intermediate, over both families."""

from __future__ import annotations

import datetime as dt
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from tests.lab.pki import builder, new_key, pem, private_pem, subject

ZONE = "bench.test"


@dataclass(frozen=True, slots=True)
class WebServer:
    """A running server: where it listens, and the authority to trust."""

    port: int
    authority: Path
    pid: int


@contextmanager
def nginx(home: Path, size: int, port: int = 0) -> Iterator[WebServer]:
    """Serve a page of *size* bytes over HTTPS on every local address; a *port* of 0 is any."""
    port = port or _free_port()
    authority, chain = _certificates(home)
    (home / "pages").mkdir()
    (home / "pages" / "index.html").write_bytes(b"<title>bench</title>".ljust(size, b"."))
    (home / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {home}/pid; error_log {home}/log warn;\n"
        "events { worker_connections 4096; }\n"
        f"http {{ access_log off; default_type text/html; server_tokens off; client_body_temp_path {home}/a;\n"
        f" proxy_temp_path {home}/b; fastcgi_temp_path {home}/c; uwsgi_temp_path {home}/d; scgi_temp_path {home}/e;\n"
        f" server {{ listen 0.0.0.0:{port} ssl backlog=4096; listen [::]:{port} ssl backlog=4096; root {home}/pages;\n"
        f"  ssl_certificate {chain}; ssl_certificate_key {chain}; ssl_session_tickets off;\n"
        f"  ssl_protocols TLSv1.2 TLSv1.3; }} }}\n"
    )
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    server = subprocess.Popen([program, "-p", str(home), "-c", str(home / "nginx.conf"), "-e", str(home / "log")])
    try:
        await_port(port, server)
        yield WebServer(port, authority, server.pid)
    finally:
        server.terminate()
        server.wait()


def await_port(port: int, server: subprocess.Popen[bytes]) -> None:
    """Wait until *server* listens on *port* of loopback."""
    for _ in range(200):
        if server.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"nobody listens on {port}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def _certificates(home: Path) -> tuple[Path, Path]:
    """Write the root, and key, leaf and intermediate; return both paths."""
    now = dt.datetime.now(dt.UTC)
    span = now - dt.timedelta(days=1), now + dt.timedelta(days=30)
    keys = [new_key() for _ in range(3)]
    names = [subject(f"Bench {what}") for what in ("root", "intermediate", "leaf")]
    issued = []
    for place, (key, name) in enumerate(zip(keys, names, strict=True)):
        above = max(0, place - 1)
        made = builder(name, names[above], key, *span)
        basic = x509.BasicConstraints(ca=place < 2, path_length=None)
        made = made.add_extension(basic, critical=True).add_extension(
            x509.SubjectAlternativeName([x509.DNSName(f"*.{ZONE}")]), critical=False
        )
        issued.append(made.sign(keys[above], hashes.SHA256()))
    root, chain = home / "root.pem", home / "chain.pem"
    root.write_bytes(pem(issued[0]))
    chain.write_bytes(private_pem(keys[2]) + pem(issued[2]) + pem(issued[1]))
    return root, chain

"""A real Alertmanager on the loopback, and where what it tells arrives."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Inbox:
    """Where alerts arrive: the names of those firing, with their hosts."""

    def __init__(self) -> None:
        self.firing: list[tuple[str, str]] = []
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                labels = [each["labels"] for each in told["alerts"]]
                inbox.firing += [(each["alertname"], each.get("host", "")) for each in labels]
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/alerts"


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(folder: Path, config: Path) -> Iterator[str]:
    """Run Alertmanager on a port of its own, speaking to nobody else."""
    port = free_port()
    words = [
        "prometheus-alertmanager",
        f"--config.file={config}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    with (folder / "log").open("w") as log, subprocess.Popen(words, stdout=log, stderr=log) as process:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def post(url: str, alerts: list[dict[str, dict[str, str]]]) -> None:
    body = json.dumps(alerts).encode()
    request = urllib.request.Request(f"{url}/api/v2/alerts", body, {"Content-Type": "application/json"})
    deadline = time.monotonic() + 20
    while True:
        try:
            urllib.request.urlopen(request, timeout=5).close()
            return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


@contextmanager
def receiving() -> Iterator[Inbox]:
    """Yield an inbox that takes what it is sent."""
    inbox = Inbox()
    threading.Thread(target=inbox.server.serve_forever, daemon=True).start()
    try:
        yield inbox
    finally:
        inbox.server.shutdown()
        inbox.server.server_close()

"""A real Prometheus and a real server of metrics, both on the loopback and both ended by their own handle."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
import yaml

from exporters.metrics_app import MetricsApp

RULES = Path(__file__).parents[2] / "config" / "prometheus" / "rules"
PATIENCE = 30.0


@dataclass(frozen=True)
class Prometheus:
    """A running server; *instance* is the label of the tower it scrapes."""

    base: str
    instance: str

    def get(self, path: str, **parameters: str) -> Any:
        """Return the data the HTTP API answers with."""
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"{self.base}/api/v1/{path}?{query}", timeout=10) as answer:
            return json.load(answer)["data"]

    def query(self, expr: str) -> list[dict[str, Any]]:
        """Return the series *expr* gives at this moment."""
        result: list[dict[str, Any]] = self.get("query", query=expr)["result"]
        return result


@contextmanager
def serving(app: MetricsApp) -> Iterator[int]:
    """Serve *app* on the loopback and yield its port."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_for(lambda: server.started)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def prometheus(place: Path, scraped: int, alertmanager: str = "") -> Iterator[Prometheus]:
    """Run Prometheus in *place* with the rules of the house, scraping port *scraped* every second.

    It tells *alertmanager*, `host:port`, where there is one.
    """
    instance = f"127.0.0.1:{scraped}"
    job = {"job_name": "diaolou", "static_configs": [{"targets": [instance]}]}
    config: dict[str, Any] = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [f"{RULES}/*.yaml"],
        "scrape_configs": [job],
    }
    if alertmanager:
        config["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]}
    (place / "prometheus.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    port = _free_port()
    command = ["prometheus", f"--config.file={place}/prometheus.yaml", f"--storage.tsdb.path={place}/data"]
    with (place / "log").open("wb") as log:
        process = subprocess.Popen([*command, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)
    server = Prometheus(f"http://127.0.0.1:{port}", instance)
    try:
        wait_for(lambda: _answers(server), lambda: (place / "log").read_text())
        yield server
    finally:
        process.terminate()
        process.wait(PATIENCE)


def wait_for(holds: Callable[[], bool], blame: Callable[[], str] = lambda: "") -> None:
    """Wait until *holds*, and fail with what *blame* says when it does not in good time."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, blame()
        time.sleep(0.1)


def _answers(server: Prometheus) -> bool:
    try:
        return server.query("vector(1)") != []
    except OSError:
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port

"""Packet filters from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from monitor.cli import app
from tests.monitor.found_city import found_city
from tests.monitor.looking_tower import EDU, WWW
from tests.monitor.operator import Desk


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    desk = found_city(tmp_path_factory.mktemp("city")).desk
    desk.targets(
        f"{{host: {WWW}, agency: city, kind: website, declared: {{tcp: [80]}}}}", f"{{host: {EDU}, agency: education}}"
    )
    return desk


def enforce(desk: Desk, *words: str | Path) -> Result:
    return CliRunner().invoke(app, ["policy", "enforce", *map(str, words), "-c", str(desk.directory)])


def test_a_filter_names_what_it_closes_and_lets_in_what_is_declared(looked: Desk) -> None:
    told = enforce(looked, WWW, "--trust", "192.0.2.0/28")
    assert told.exit_code == 0, told.stderr
    assert "tcp dport { 80 } accept" in told.stdout
    assert "ip saddr { 192.0.2.0/28 } accept" in told.stdout
    assert [f"tcp/6379/{family}" in told.stdout for family in ("ipv4", "ipv6")] == [True, True]


def test_an_agency_gets_a_file_for_each_host(looked: Desk, tmp_path: Path) -> None:
    out = tmp_path / "filters"
    told = enforce(looked, "--agency", "city", "-o", out)
    assert told.exit_code == 0, told.stderr
    assert sorted(path.name for path in out.iterdir()) == [f"{WWW}.nft", f"{EDU}.nft"]


@pytest.mark.parametrize(
    ("words", "status", "why"),
    [
        (("nobody.example",), 78, "nobody.example"),
        ((), 78, "--agency"),
        ((WWW, "--agency", "city"), 78, "--agency"),
        ((WWW, "--trust", "192.0.2.1/24"), 78, "192.0.2.0/24"),
        ((WWW, "--dialect", "cisco"), 1, WWW),
    ],
)
def test_what_cannot_be_done_is_said(looked: Desk, words: tuple[str, ...], status: int, why: str) -> None:
    told = enforce(looked, *words)
    assert (told.exit_code, why in told.stderr) == (status, True)

"""The filter made for a host, loaded on it: what was found there is gone, and the tower closes it on evidence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from rules.deed import Move
from rules.finding import State
from tests.lab.lifecycle import Lab
from tests.lab_tests.looking import ports
from tests.lab_tests.rounds import Tower

pytestmark = pytest.mark.lab

DB, DB6 = "db.data.kaiping.gov.test", "2001:db8:18:28::10"
PORTS = (23, 445, 3306, 6379)


@contextmanager
def filtered(lab: Lab, file: Path) -> Iterator[None]:
    """Load *file* on the site's host while the context lasts."""
    loaded = lab.run("data", "nft", "-f", str(file))
    assert loaded.returncode == 0, loaded.stderr
    try:
        yield
    finally:
        lab.run("data", "nft", "delete", "table", "inet", "diaolou")


def few_ports(folder: Path) -> None:
    """Have the tower look at these ports alone: whoever is silent about many keeps it waiting."""
    path = folder / "policy.yaml"
    policy = yaml.safe_load(path.read_text(encoding="utf-8"))
    chosen = {port: name for port, name in policy["dangerous_ports"].items() if port in PORTS}
    path.write_text(yaml.safe_dump({**policy, "dangerous_ports": chosen, "watched_ports": []}), encoding="utf-8")


def test_the_filter_loaded_on_the_host_closes_the_finding(lab: Lab, tmp_path: Path) -> None:
    tower = Tower(lab, tmp_path / "config").begin(patience=0.2)
    few_ports(tower.folder)
    tower.round(DB)
    about = {key for key in tower.open() if key.rule == "no_dangerous_port_open" and key.target == DB}
    assert {key.subject for key in about} == {f"tcp/{port}/ipv6" for port in PORTS}
    (made,) = tower.tell("policy", "enforce", DB, "-c", str(tower.folder), "-o", str(tmp_path)).split()
    with filtered(lab, Path(made)):
        assert ports(lab, [DB6], [443, 6379]) == {DB6: {443: "open", 6379: "filtered"}}
        told = tower.tell("finding", "fixed", f"no_dangerous_port_open@{DB}#tcp/6379/ipv6", "-c", str(tower.folder))
        assert "复测通过" in told
        found = {finding.key: finding.state for finding in tower.findings()}
        assert {found[key] for key in about} == {State.CLOSED}
        assert [key for key in tower.open() if key.target == DB and key.subject.startswith("tcp/")] == []
    with tower.store() as store:
        assert [entry.deed.move for entry in store.deeds()] == [Move.CLAIMED_FIXED, Move.VERIFIED]

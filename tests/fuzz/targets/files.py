"""Files that operators bring: settings and inventories."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from monitor.bundles.archive import open_sealed
from monitor.bundles.keys import SigningKey, TrustedKey
from monitor.bundles.refused import BundleRefused
from monitor.importers.sheet import read_sheet
from monitor.settings.mistakes import Mistakes
from monitor.settings.table_reader import read_table
from monitor.settings.yaml_reader import read_yaml
from tests.fuzz.targets import target

KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
FOLDER = Path(tempfile.mkdtemp(prefix="diaolou-fuzz-"))


@target
def yaml_settings(data: bytes) -> None:
    """A file of settings is read, or its mistakes have places within it."""
    try:
        read_yaml("policy.yaml", data)
    except Mistakes as found:
        for mistake in found.mistakes:
            assert 0 <= mistake.line <= data.count(b"\n") + data.count(b"\r") + 2


@target
def csv_settings(data: bytes) -> None:
    """A table of targets."""
    with suppress(Mistakes):
        read_table("targets.csv", data)


@target
def policy_bundles(data: bytes) -> None:
    """A bundle of policy: whole and signed by one of ours, or refused."""
    with suppress(BundleRefused):
        open_sealed(data, [TrustedKey("city", KEY.public)])


@target
def csv_import(data: bytes) -> None:
    """Somebody else's table, of any separator."""
    path = FOLDER / "assets.csv"
    path.write_bytes(data)
    with suppress(Mistakes):
        for row in read_sheet(path).rows:
            assert row.line > 0

"""The bundles a tower has installed: kept as they came, and checked anew each time they are read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path

from monitor.atomic import write_whole
from monitor.bundles import archive
from monitor.bundles.archive import Bundle
from monitor.bundles.keys import TrustedKey
from monitor.bundles.refused import BundleRefused

FOLDER = "policies"
"""The folder of installed bundles, beside the settings."""
SUFFIX = ".bundle"


def installed(directory: Path, trusted: Iterable[TrustedKey]) -> Sequence[Bundle]:
    """Return the bundles installed beside the settings in *directory*, the oldest version first.

    Raises:
        BundleRefused: one of them is not to be trusted any more; nobody knows then what should be in force.
    """
    keys = tuple(trusted)
    found: list[Bundle] = []
    for path in sorted((directory / FOLDER).glob(f"*{SUFFIX}")):
        try:
            found.append(archive.read(path, keys))
        except BundleRefused as refused:
            raise BundleRefused(f"{path}：{refused.text.zh}", f"{path}: {refused.text.en}") from None
    return sorted(found, key=lambda bundle: bundle.manifest.order)


def due(bundles: Sequence[Bundle], today: dt.date) -> Bundle | None:
    """Return the bundle in force on *today*: the latest version that has begun to count."""
    return next((bundle for bundle in reversed(bundles) if bundle.manifest.effective <= today), None)


def install(directory: Path, data: bytes, bundle: Bundle, trusted: Iterable[TrustedKey]) -> Path:
    """Keep *bundle*, which is *data*, among those of *directory*, and return where.

    Raises:
        BundleRefused: one that is as new, or newer, is there; or it cannot be written.
    """
    manifest = bundle.manifest
    newest = next(reversed(installed(directory, trusted)), None)
    if newest is not None and newest.manifest.order >= manifest.order:
        there = newest.manifest.version
        raise BundleRefused(
            f"已安装 {there}，不再安装不比它新的 {manifest.version}",
            f"version {there} is installed, and {manifest.version} is no newer",
        )
    path = directory / FOLDER / f"{manifest.version}{SUFFIX}"
    try:
        path.parent.mkdir(mode=0o750, exist_ok=True)
        write_whole(path, data)
    except OSError as fault:
        raise BundleRefused(
            f"{path} 写不进去：{fault.strerror}", f"{path} cannot be written: {fault.strerror}"
        ) from fault
    return path

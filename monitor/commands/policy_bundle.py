"""Handing policy on: packed and signed here, verified and installed there."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from monitor.bundles import archive, keys
from monitor.bundles.archive import Bundle
from monitor.bundles.installed import install as keep
from monitor.bundles.installed import installed
from monitor.bundles.keys import TrustedKey
from monitor.bundles.manifest import LARGEST, list_up
from monitor.bundles.refused import BundleRefused
from monitor.configuration import Known, read_with
from monitor.issue import Issue, of_bundle, own
from monitor.settings.load import daemon_file


@dataclass(frozen=True, slots=True)
class Installed:
    """A bundle put in its place, and the configuration it gives."""

    path: Path
    bundle: Bundle
    known: Known


def pack(directory: Path, key: Path, effective: dt.date) -> tuple[Bundle, bytes]:
    """Return what lies in *directory* as a bundle that counts from *effective*, signed with *key*; and its bytes.

    Raises:
        RuleFaults, Mistakes: what lies there cannot be used.
        BundleRefused: it cannot be bundled, or the key not be used.
    """
    issue = own(directory)
    known = read_with(directory, issue)
    signing = keys.read(key)
    policy = known.config.policy
    manifest = list_up(issue.files, policy.profile, policy.version, policy.title, effective)
    data = archive.seal(manifest, issue.files, signing)
    if len(data) > LARGEST:
        raise BundleRefused(f"策略包超过 {LARGEST >> 20} MiB", f"the bundle is larger than {LARGEST >> 20} MiB")
    return archive.open_sealed(data, [TrustedKey(key.stem, signing.public)]), data


def verify(directory: Path, path: Path) -> tuple[Bundle, Known]:
    """Return the bundle at *path*, and the configuration it would give the settings in *directory*.

    Raises:
        BundleRefused: it is not to be trusted.
        RuleFaults, Mistakes: it cannot be used here.
    """
    bundle = archive.open_sealed(archive.read_bytes(path), trusted(directory))
    return bundle, read_with(directory, of_bundle(bundle))


def install(directory: Path, path: Path) -> Installed:
    """Install the bundle at *path* for the settings in *directory*.

    Raises:
        BundleRefused: it is not to be trusted, or not newer than what is installed.
        RuleFaults, Mistakes: it cannot be used here.
    """
    data, known_keys = archive.read_bytes(path), trusted(directory)
    bundle = archive.open_sealed(data, known_keys)
    known = read_with(directory, of_bundle(bundle))
    return Installed(keep(directory, data, bundle, known_keys), bundle, known)


def candidate(directory: Path, named: str) -> Issue:
    """Return the policy *named*: the version of an installed bundle, a bundle's file, or a directory of settings.

    Raises:
        BundleRefused: it is none of these, or not to be trusted.
    """
    path = Path(named)
    if path.is_dir():
        return own(path)
    if path.is_file():
        return of_bundle(archive.read(path, trusted(directory)))
    for bundle in installed(directory, trusted(directory)):
        if bundle.manifest.version == named:
            return of_bundle(bundle)
    raise BundleRefused(
        f"“{named}”不是已安装的版本，也不是策略包或配置目录",
        f'"{named}" is no installed version, bundle or directory of settings',
    )


def trusted(directory: Path) -> tuple[TrustedKey, ...]:
    """Return the keys the settings in *directory* accept policy from."""
    settings = daemon_file(directory)
    return () if settings is None else settings.trusted()

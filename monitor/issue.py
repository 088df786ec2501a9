"""The policy as a whole, clauses and rules together: the directory's own, or the bundle that was installed for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from monitor import packs
from monitor.bundles.archive import Bundle
from monitor.bundles.installed import FOLDER, due, installed
from monitor.bundles.manifest import POLICY, digest_of, is_content
from monitor.bundles.refused import BundleRefused
from monitor.packs import RuleFile
from monitor.settings import Mistake, Mistakes
from monitor.settings.load import Written, daemon_file

OWN_PACKS = "packs"


@dataclass(frozen=True, slots=True)
class Issue:
    """A policy's *files*, by the names they have in a bundle; they came in *bundle*, or else lie in *folder*."""

    files: Mapping[str, bytes]
    folder: Path
    bundle: Bundle | None = None

    @property
    def digest(self) -> str:
        """The digest of the content; two towers with the same one judge alike."""
        return digest_of(self.files)

    @property
    def policy(self) -> Written | None:
        """The clauses; None where they cannot be read."""
        return Written(str(self.folder / POLICY), self.files[POLICY]) if POLICY in self.files else None

    def rule_files(self) -> Iterator[RuleFile]:
        """Yield the rule files; where there is no bundle they are read anew, so that all that is wrong is told."""
        if self.bundle is None:
            return packs.files_of(self.folder / OWN_PACKS)
        return _rule_files(self.files, str(self.folder))


def issue_of(directory: Path, now: dt.datetime) -> Issue:
    """Return the policy in force in *directory*: the latest bundle that counts *now*, or else what lies there itself.

    Raises:
        Mistakes: a bundle is installed that is not to be trusted.
    """
    settings = daemon_file(directory)
    if settings is None:
        return own(directory)
    try:
        bundle = due(installed(directory, settings.trusted()), now.astimezone(settings.time_zone).date())
    except BundleRefused as refused:
        raise Mistakes([Mistake(str(directory / FOLDER), 0, 0, refused.text)]) from None
    return own(directory) if bundle is None else of_bundle(bundle)


def of_bundle(bundle: Bundle) -> Issue:
    """Return the policy *bundle* holds."""
    return Issue(bundle.files, Path(FOLDER) / bundle.manifest.version, bundle)


def own(directory: Path) -> Issue:
    """Return the policy that lies in *directory* itself, as far as it can be read; what cannot is told when loaded."""
    files: dict[str, bytes] = {}
    with suppress(OSError):
        files[POLICY] = (directory / POLICY).read_bytes()
    for file in packs.files_of(directory / OWN_PACKS):
        name = f"packs/{file.pack}/{file.name}"
        with suppress(OSError):
            if is_content(name):
                files[name] = file.read()
    return Issue(files, directory)


def _rule_files(files: Mapping[str, bytes], shown: str) -> Iterator[RuleFile]:
    for name in sorted(files):
        if name != POLICY:
            _, pack, file = name.split("/")
            yield RuleFile(f"{shown}/{name}", pack, file, lambda name=name: files[name])  # type: ignore[misc]

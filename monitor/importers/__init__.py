"""Inventories kept elsewhere, brought in as a file of targets, with a word on every row that was left behind."""

from monitor.importers.candidate import Candidate, Options, Remark
from monitor.importers.gather import Import
from monitor.importers.take import Form, import_targets

__all__ = ["Candidate", "Form", "Import", "Options", "Remark", "import_targets"]

"""Where the store of a configuration lies, whatever else may be wrong with that configuration."""

from __future__ import annotations

from pathlib import Path

import yaml

from monitor.settings.daemon import StoreEntry

FILE = "diaolou.yaml"


def store_url(directory: Path) -> str:
    """Return the URL of the store of the configuration in *directory*, of which nothing else is read.

    Raises:
        ValueError: not even that can be read.
    """
    file = directory / FILE
    try:
        said = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)
        store = StoreEntry.model_validate((said or {}).get("store") or {})
    except (OSError, yaml.YAMLError, AttributeError, ValueError) as fault:
        raise ValueError(f"{file}: {fault}") from fault
    return store.located(directory)

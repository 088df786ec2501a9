"""Every file of the project that is made from its code; `python -m tests.generated` writes them all (`make docs`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path

from exporters import about, documents_doc, metrics_doc
from exporters.dashboards import DASHBOARDS, render
from monitor import handbook, packs
from monitor.settings import Config, load
from monitor.settings.schemas import schemas
from probes import registry
from tests.bench import page as benchmarks

ROOT = Path(__file__).parents[1]


@cache
def _sample() -> Config:
    return load(ROOT / "config", packs.load(), registry.load())


GENERATED: Mapping[str, Callable[[], str]] = {
    "docs/probes.md": lambda: handbook.probes_page(registry.load()),
    "docs/rules.md": lambda: handbook.rules_page(packs.load(), _sample().policy),
    "docs/metrics.md": metrics_doc.document,
    "docs/benchmarks.md": benchmarks.page,
    "docs/about-our-probes.md": about.text,
    "docs/json.md": documents_doc.page,
    **{f"config/schemas/{name}": partial(schemas().__getitem__, name) for name in schemas()},
    **{f"config/grafana/dashboards/{name}.json": partial(render, name) for name in DASHBOARDS},
}
"""The file, below the project's root, and what makes its text."""

if __name__ == "__main__":
    for path, make in GENERATED.items():
        (ROOT / path).write_text(make(), encoding="utf-8")
        print(path)

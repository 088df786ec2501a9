from __future__ import annotations

from exporters.metrics import METRICS
from exporters.metrics_doc import GROUPS, LABELS, document
from exporters.metrics_process import OWN


def test_every_metric_stands_in_exactly_one_table() -> None:
    page = document()
    assert [metric.name for metric in (*METRICS, *OWN) if page.count(f"| `{metric.name}` |") != 1] == []
    assert [title for _, title in GROUPS if page.count(f"## {title}\n") != 1] == []


def test_every_value_of_a_closed_label_is_explained() -> None:
    page = document()
    for label, members, further in LABELS:
        table = page.partition(f"### `{label}`\n")[2].partition("###")[0]
        assert table.count("\n| `") == len(members) + len(further)

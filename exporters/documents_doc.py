"""The page of documentation on what the command line prints as JSON, made from the document types."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from exporters.documents import DOCUMENTS
from exporters.documents_deeds import DEED_DOCUMENTS
from exporters.documents_ledger import LEDGER_DOCUMENTS
from exporters.documents_plan import PLAN_DOCUMENTS
from exporters.documents_rollout import ROLLOUT_DOCUMENTS
from exporters.documents_underway import UNDERWAY_DOCUMENTS

HEAD = """\
# JSON 输出 JSON output

本页由代码生成，请勿手改：`make docs`
<br>This page is made from the code; change it there and run `make docs`.

带 `--json` 的命令输出下列文档。字段名只增不改；时间为 UTC 的 ISO 8601，日期为 ISO 日期，风险 0..100，比例 0..1；
取值是代码里的英文名，与 `--lang` 无关。`findings --json` 是 FindingDocument 的列表，`findings --csv` 列名相同。
<br>Commands given `--json` print the documents below. Names are added, never changed; times are ISO 8601 in UTC, days
ISO dates, risks 0..100, shares 0..1; values are the code's own words, whatever `--lang`. `findings --json` is a list of
FindingDocument, and `findings --csv` has the same columns.
"""


def page() -> str:
    """Return the page."""
    documents = (
        *DOCUMENTS,
        *DEED_DOCUMENTS,
        *LEDGER_DOCUMENTS,
        *PLAN_DOCUMENTS,
        *ROLLOUT_DOCUMENTS,
        *UNDERWAY_DOCUMENTS,
    )
    return "\n".join([HEAD, *(line for document in documents for line in _section(document))])


def _section(document: type) -> Iterator[str]:
    yield f"## {document.__name__}\n"
    yield f"{inspect.cleandoc(document.__doc__ or '')}\n"
    yield "| 字段 name | 类型 type |"
    yield "|---|---|"
    for name, kind in document.__annotations__.items():
        said = kind if isinstance(kind, str) else getattr(kind, "__forward_arg__", str(kind))
        yield f"| `{name}` | {_type(said)} |"
    yield ""


def _type(said: str) -> str:
    for code, words in (
        ("Mapping[str, Any]", "object"),
        ("Mapping[str, ", "object of "),
        ("Sequence[", "list of "),
        ("str", "text"),
        ("int", "integer"),
        ("float", "number"),
        ("bool", "true/false"),
        ("None", "null"),
        (" | ", " or "),
        ("]", ""),
    ):
        said = said.replace(code, words)
    return said

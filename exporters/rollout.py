"""Words for how the rollout goes."""

from __future__ import annotations

from rules.rollout import Progress
from rules.text import Text


def outlook(progress: Progress) -> Text:
    """Return in words whether a goal is met, will be, or will not."""
    if progress.met:
        return Text("已达到", "met")
    if progress.late is None:
        return Text("尚不能说", "cannot be told yet")
    if progress.needed is None:
        return Text("已逾期", "overdue")
    return Text("赶不上", "will be missed") if progress.late else Text("赶得上", "will be met")

"""An emergency in a sentence."""

from __future__ import annotations

from rules.emergency import Emergency
from rules.text import Text


def banner(emergency: Emergency) -> Text:
    """Return in a sentence what *emergency* means."""
    terms, order = emergency.terms, emergency.order
    listed = " ".join([*sorted(terms.agencies), *sorted(terms.targets)])
    why = order.why or "—"
    profile = Text(f"，策略档案 {terms.profile}", f", profile {terms.profile}") if terms.profile else Text("", "")
    return Text(
        f"重保中：至 {emergency.until} 止（{order.who}：{why}）；范围 {listed or '全部目标'}；"
        f"复看间隔 ×{terms.revisit:g}，{terms.confirmations} 次不合格即立项{profile.zh}",
        f"emergency: through {emergency.until} ({order.who}: {why}); for {listed or 'every target'}; "
        f"times between looks ×{terms.revisit:g}, findings open after {terms.confirmations}{profile.en}",
    )

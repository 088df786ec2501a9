"""What is under way in the exporters' city: one alert two steps up, an emergency, one response with a report owed."""

from __future__ import annotations

import datetime as dt

from rules.alert import ABOUT, Severity, Signal, alerts, raised
from rules.deed import Deed, Move
from rules.emergency import Terms, begun, ordered
from rules.reporting import Basis, Duty, Grade
from rules.response import Opening, owed, responses
from rules.response import begun as response_begun
from rules.text import Text
from rules.underway import Underway

ALERT = "00000000000000aa"
DUTY = Duty(
    "first",
    Text("首次报告", "first report"),
    Text("省级网信部门", "the province"),
    4 * 3600.0,
    frozenset({Grade.LARGER}),
    Basis.COPY,
    "某办法",
)


def underway(agency: str, host: str, at: dt.datetime) -> Underway:
    """Return it as it is half an hour before *at*."""
    then = at - dt.timedelta(minutes=30)
    alert = raised(
        ALERT, Signal("DiaolouWebsiteDown", Severity.CRITICAL, agency, host, "打不开 / down"), "diaolou", then
    )
    told = [
        Deed(Move.ALERT_ESCALATED, "diaolou", then, role, to=agency, value=str(step), about=ABOUT + ALERT)
        for step, role in ((1, "technical"), (2, "lead"))
    ]
    order = begun(
        Terms(profile="strict"), at.date() + dt.timedelta(days=3), Deed(Move.EMERGENCY_BEGUN, "李敏", then, "两会")
    )
    opening = Opening("website_defaced", agency, "首页被改", then)
    first = response_begun("R2026-001", opening, Deed(Move.RESPONSE_BEGUN, "李敏", then))
    graded = Deed(Move.RESPONSE_GRADED, "李敏", then, to=Grade.LARGER.value, about=first.about)
    found = responses([first, graded])
    return Underway(alerts([alert, *told]), ordered([order]), found, tuple(owed(found["R2026-001"], [DUTY])), True)

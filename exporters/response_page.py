"""A response as a page to print: what was done, when, by whom, and on what proof."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from exporters.notice.page import template, tools
from rules.deed import Deed, Entry
from rules.playbook import Playbook
from rules.response import Owed, Response
from rules.text import Language, Text


@dataclass(frozen=True, slots=True)
class ResponsePage:
    """A response with all that is printed of it; *playbook* is None where there is none of that name any more.

    *entries* are its lines in the log of deeds, *owed* its reports, *at* when the page was made.
    """

    response: Response
    playbook: Playbook | None
    issuer: Text
    agency: Text
    entries: tuple[Entry, ...]
    owed: tuple[Owed, ...]
    at: dt.datetime
    zone: dt.tzinfo

    def title_of(self, deed: Deed) -> Text:
        """Return what the step or report is called that *deed* is on; empty where it is on none."""
        step = self.playbook.step(deed.to) if self.playbook else None
        if step is not None:
            return step.title
        return next((each.duty.title for each in self.owed if each.duty.id == deed.to), Text("", ""))


def render_response(page: ResponsePage, language: Language) -> str:
    """Return the page."""
    return template("response.html.j2").render(page=page, **tools(page.zone, language))

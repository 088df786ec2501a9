import io
from dataclasses import replace

import pytest
from rich.console import Console

from monitor.screen.city import show
from rules.text import Language
from tests.exporters.city import city


@pytest.mark.parametrize("subject", ["server/ns[/b].evil.test", "server/[blink]x[link=http://evil.test]y[/link]"])
def test_a_strangers_word_is_text_and_never_markup(subject: str) -> None:
    posture = city()
    worst = next(host for host in posture.hosts if host.findings)
    finding = replace(worst.findings[0], key=replace(worst.findings[0].key, subject=subject))
    marked = replace(posture, hosts=(replace(worst, findings=(finding,)),))
    out = io.StringIO()
    show(Console(file=out, width=300, force_terminal=True), marked, Language.ZH)
    assert subject in out.getvalue()
    assert "\x1b]8" not in out.getvalue()

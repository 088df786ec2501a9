"""The monthly report as a printed document."""

from __future__ import annotations


class PdfUnavailable(Exception):
    """The optional PDF renderer is not there; the message says how to bring it."""


def render_pdf(html: str) -> bytes:
    """Return *html* laid out on A4.

    Raises:
        PdfUnavailable: WeasyPrint or the Pango libraries it draws with are missing.
    """
    try:
        from weasyprint import HTML
    except (ImportError, OSError) as fault:
        raise PdfUnavailable(
            "PDF 需要 WeasyPrint 与 Pango：pip install 'diaolou[pdf]'，并安装 Debian 包 libpango-1.0-0 "
            "libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk / PDF needs WeasyPrint and Pango: "
            "pip install 'diaolou[pdf]' and those Debian packages"
        ) from fault
    # Nothing in a report may be fetched from anywhere: what is not in the page is not in the document.
    pdf: bytes = HTML(string=html, url_fetcher=_refuse).write_pdf()
    return pdf


def _refuse(url: str, *_: object, **__: object) -> dict[str, object]:
    raise ValueError(f"a report fetches nothing, not even {url[:80]!r}")

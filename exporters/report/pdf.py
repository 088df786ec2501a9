"""The monthly report as a printed document."""

from __future__ import annotations


class PdfUnavailable(Exception):
    """The optional PDF renderer is not there; the message says how to bring it."""


def render_pdf(html: str) -> bytes:
    """Return *html* laid out on A4.

    Raises:
        ValueError: the page wants something from elsewhere.
        PdfUnavailable: WeasyPrint or the Pango libraries it draws with are missing.
    """
    try:
        from weasyprint import HTML
        from weasyprint.urls import FatalURLFetchingError, URLFetcher
    except (ImportError, OSError) as fault:
        raise PdfUnavailable(
            "PDF 需要 WeasyPrint 与 Pango：pip install 'diaolou[pdf]'，并安装 Debian 包 libpango-1.0-0 "
            "libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk / PDF needs WeasyPrint and Pango: "
            "pip install 'diaolou[pdf]' and those Debian packages"
        ) from fault
    # Nothing in a report may be fetched from anywhere: what is not in the page is not in the document.
    fetcher = URLFetcher(allowed_protocols=("data",), fail_on_errors=True)
    try:
        pdf: bytes = HTML(string=html, url_fetcher=fetcher).write_pdf()
    except FatalURLFetchingError as fault:
        raise ValueError(f"a report fetches nothing: {fault}") from fault
    return pdf

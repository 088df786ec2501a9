"""The monthly report: one model, rendered as a page and as a printed document, in Chinese or English."""

from exporters.report.html import render_html
from exporters.report.model import MonthlyReport
from exporters.report.pdf import PdfUnavailable, render_pdf

__all__ = ["MonthlyReport", "PdfUnavailable", "render_html", "render_pdf"]

"""Rectification notices and circulars as pages to print."""

from exporters.notice.page import Circular, CircularLine, NoticePage, render_circular, render_notice

__all__ = ["Circular", "CircularLine", "NoticePage", "render_circular", "render_notice"]

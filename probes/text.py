"""Remote text: clipped and cleaned once, where it enters, so that nothing behind the wire has to fear it."""

from __future__ import annotations

LIMIT = 1024
"""Bytes of remote text kept per field."""

_BIDI = {0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
_ZERO_WIDTH = {0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD}
_HIDDEN = {*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *_BIDI, *_ZERO_WIDTH, *range(0xD800, 0xE000)}
_VISIBLE = {code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" for code in _HIDDEN}


def clean(text: str | bytes, limit: int = LIMIT) -> str:
    """Return *text* with control, bidi and zero-width characters shown as escapes, at most *limit* UTF-8 bytes.

    Bytes are read as UTF-8 with replacement characters. A clipped text ends in an ellipsis.
    """
    if isinstance(text, bytes):
        text = text[: 4 * limit].decode("utf-8", "replace")
    shown = text[: 4 * limit].translate(_VISIBLE)
    raw = shown.encode("utf-8")
    if len(raw) <= limit:
        return shown
    return raw[: limit - 3].decode("utf-8", "ignore") + "…"

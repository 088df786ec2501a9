"""What the first bytes of a TLS server and the complaints of OpenSSL mean, in our terms."""

from __future__ import annotations

from typing import Final

from OpenSSL import SSL

from probes.observation import Failure
from probes.text import clean
from probes.wire import Unreached

_ALERT, _RECORD_TYPES = 0x15, frozenset({0x14, 0x15, 0x16, 0x17})
_HEADER = 5
FIRST_BYTES = 64
"""Bytes worth looking at before OpenSSL does."""

_RECORD_LIMIT = 2**14 + 2048
_MAJOR_VERSIONS: Final = frozenset({3, 1})
"""TLS; and TLCP (GB/T 38636), which is told apart by its records and is no rubbish."""

_CLOSE_NOTIFY, _PROTOCOL_VERSION = 0, 70

# Source: RFC 8446 6, RFC 5246 7.2.
_ALERTS: Final = {
    0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 21: "decryption_failed",
    22: "record_overflow", 30: "decompression_failure", 40: "handshake_failure", 41: "no_certificate",
    42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired",
    46: "certificate_unknown", 47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error",
    51: "decrypt_error", 60: "export_restriction", 70: "protocol_version", 71: "insufficient_security",
    80: "internal_error", 86: "inappropriate_fallback", 90: "user_canceled", 100: "no_renegotiation",
    109: "missing_extension", 110: "unsupported_extension", 112: "unrecognized_name",
    113: "bad_certificate_status_response", 115: "unknown_psk_identity", 116: "certificate_required",
    120: "no_application_protocol",
}  # fmt: skip

_VERSION_REASONS: Final = frozenset(
    {
        "unsupported protocol",
        "wrong ssl version",
        "version too low",
        "no protocols available",
        "bad protocol version number",
    }
)


def inspect_first_bytes(head: bytes) -> None:
    """Look at the first bytes a server sent, as many as there are yet.

    Raises:
        Unreached: they are no TLS, an impossible record, or an alert; an incomplete record is left to more bytes.
    """
    if head[0] not in _RECORD_TYPES or (len(head) > 1 and head[1] not in _MAJOR_VERSIONS):
        raise Unreached(Failure.TLS_NOT_TLS, clean(head, 96))
    if len(head) < _HEADER:
        return
    length = int.from_bytes(head[3:5])
    if length > _RECORD_LIMIT:
        raise Unreached(Failure.TLS_MALFORMED, f"record of {length} bytes")
    if head[0] == _ALERT and length == 2 and len(head) >= _HEADER + 2:
        raise of_alert(head[6], f"record version 0x{head[1]:02x}{head[2]:02x}")


def of_alert(code: int, remark: str = "") -> Unreached:
    """Return what it means that the server ended the handshake with alert *code*."""
    failure = {_PROTOCOL_VERSION: Failure.TLS_VERSION, _CLOSE_NOTIFY: Failure.TLS_CLOSED}.get(code, Failure.TLS_ALERT)
    words = f"{_ALERTS.get(code, 'alert')} ({code})"
    return Unreached(failure, f"{words}, {remark}" if remark else words)


def of_complaint(complaint: SSL.Error) -> Unreached:
    """Return what it means that OpenSSL gave up."""
    entries = complaint.args[0] if complaint.args and isinstance(complaint.args[0], list) else []
    reasons = [str(entry[-1]) for entry in entries]
    words = clean("; ".join(reasons), 160)
    for reason in reasons:
        if " alert " in reason:
            named = reason.partition(" alert ")[2]
            failure = Failure.TLS_VERSION if named == "protocol version" else Failure.TLS_ALERT
            return Unreached(failure, clean(named, 80))
        if reason in _VERSION_REASONS:
            return Unreached(Failure.TLS_VERSION, words)
    return Unreached(Failure.TLS_MALFORMED, words)

"""Packet filters made of what is declared: for the host itself, and for the switch before it."""

from exporters.enforcement.acl import access_lists
from exporters.enforcement.model import Closing, Dialect, Enforcement
from exporters.enforcement.nftables import ruleset

__all__ = ["Closing", "Dialect", "Enforcement", "render"]


def render(plan: Enforcement, dialect: Dialect) -> str:
    """Return the filter of *plan* in *dialect*; the same plan always gives the same text.

    Raises:
        ValueError: a switch needs an address, and none within the scope is known.
    """
    return ruleset(plan) if dialect is Dialect.NFTABLES else access_lists(plan, dialect)

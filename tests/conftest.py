"""Fixtures every test may use."""

from tests.lab.fixture import lab

__all__ = ["lab"]

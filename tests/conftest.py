"""Fixtures every test may use, and what holds for every test that draws its cases."""

from hypothesis import HealthCheck, settings

from tests.lab.fixture import lab

__all__ = ["lab"]

# How long a case takes says how busy the machine is; benchmarks alone speak of speed.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

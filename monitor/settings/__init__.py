"""What an operator told us: YAML and CSV read, every mistake found at once, and handed on as nouns."""

from monitor.settings.config import Config, Daemon
from monitor.settings.load import load
from monitor.settings.mistakes import Mistake, Mistakes
from monitor.settings.schedule import Cadence, Revisit, Schedule

__all__ = ["Cadence", "Config", "Daemon", "Mistake", "Mistakes", "Revisit", "Schedule", "load"]

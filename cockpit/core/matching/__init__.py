"""The simulated exchange: pure matching, and the world that puts distance between it and us."""

from cockpit.core.matching.exchange import Exchange
from cockpit.core.matching.rules import Latency, LatencyModel, Rules
from cockpit.core.matching.world import World

__all__ = ["Exchange", "Latency", "LatencyModel", "Rules", "World"]

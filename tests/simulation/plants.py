"""Every planted bug, whichever module it stands in."""

from tests.simulation import planted_books, planted_gate, planted_later, planted_opening
from tests.simulation.planted import PLANTS, SEEDS, planted

__all__ = ["PLANTS", "SEEDS", "planted", "planted_books", "planted_gate", "planted_later", "planted_opening"]

"""The money. Fills, funding and transfers become cash, positions and profit, exact to the last decimal."""

from cockpit.core.ledger.account import FillEffect, Flows, Ledger, foreign
from cockpit.core.ledger.position import ATOM, Position

__all__ = ["ATOM", "FillEffect", "Flows", "Ledger", "Position", "foreign"]

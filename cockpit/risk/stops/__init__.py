"""Stop layers: ways out of a position, one file each. What they are and how they act: ``core.stops``."""

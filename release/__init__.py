"""How a version is released: ``make release``."""

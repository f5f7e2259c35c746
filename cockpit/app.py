"""The composition root: the only file that knows stages and names adapters."""

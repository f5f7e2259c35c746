"""THE composition root: the only place that names adapters, and the only one that knows stages."""

"""Portfolio: allocation, sizing, release and metrics."""

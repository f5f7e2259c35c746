"""The past: backtests and research, no network."""

"""Rules: each trims or blocks an intent and says why."""

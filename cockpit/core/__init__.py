"""The machine: pure, synchronous, deterministic. Same events in, same Outcomes out."""

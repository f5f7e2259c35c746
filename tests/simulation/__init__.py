"""The real engine, workers and journal in virtual time against a simulated venue, with seeded faults."""

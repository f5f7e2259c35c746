"""What every exchange adapter needs and no exchange decides: budgets, verdicts, traces of our requests."""

"""Live: asyncio tasks, thin loops, no business rules."""

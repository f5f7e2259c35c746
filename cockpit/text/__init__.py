"""The message catalogue: every sentence a user reads."""

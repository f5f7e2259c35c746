"""The store: journal and tapes."""

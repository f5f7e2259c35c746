"""A past moment of a journal, rebuilt: snapshot and fold, in a process that never touches trading."""

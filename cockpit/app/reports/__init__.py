"""A report for people: in the terminal, as one self-contained page, as tables."""

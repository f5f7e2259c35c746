"""Statistics of a whole sample, one file each: memory, unit roots, cointegration.

Functions from finished series to numbers, for research and for tests that a strategy runs now and then on
its own window; what changes with every bar is a streaming indicator one folder up. Plain Python, no library:
the live process may call them. NaN where the data leave the number undefined, ValueError where the question
makes no sense. Definitions: quant reference sections 9 and 18.
"""

"""Plain functions over flat memory as machine code: Python's text → LLVM → an object kept on disk.

Only what the machines of ``lab.compiled`` and ``lab.depth`` and a translated strategy are written in: whole
numbers, floats, truth, rows of them at fixed places, tuples, loops, exceptions without words. Every operation
means what it means in Python as long as whole numbers stay below 2 ** 63; what has no such meaning here is
refused. A general compiler spent 20 s on the same text, because it works kinds out, optimises and links
function by function. Here kinds stand in the annotations, and all functions are optimised together, once.
"""

"""Every configuration that was ever tried here, so that the best of many is judged as the best of many.

An append-only, hash-chained record (quant reference, 7.7). Nothing in the program can lower what it counts.
"""

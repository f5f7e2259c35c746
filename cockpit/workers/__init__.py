"""LIVE: asyncio tasks around the machine. Thin loops, no business rules.

feed → inbox → kernel (step, journal) → execution → venue → feed; the watchdog breathes beside them.
"""

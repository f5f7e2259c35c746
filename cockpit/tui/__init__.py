"""A face: the terminal.

The two settings below are read by the terminal library when it is first imported: thirty frames a second are
a ceiling no trader needs to pass, and nothing on a trading screen is animated.
"""

import os

os.environ.setdefault("TEXTUAL_FPS", "30")
os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")

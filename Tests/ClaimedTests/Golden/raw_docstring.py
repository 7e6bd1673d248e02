r"""Fits a \d+ and

  keeps \"quotes\"."""
import os
x = os.getenv("x", "a")

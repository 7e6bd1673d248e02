"""Begins with a byte order mark."""
import os
x = os.getenv("x", "1")

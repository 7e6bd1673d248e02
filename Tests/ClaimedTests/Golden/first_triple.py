import os
query = """
  SELECT "a" FROM b
"""
"""The description."""
x = os.getenv("x", "a")

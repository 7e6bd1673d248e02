"""The same with float()."""
import os
n = float(os.environ.get("n"))

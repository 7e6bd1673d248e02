"""Lines end as on Windows."""
import os
# the n
n = int(os.getenv("n", "3"))

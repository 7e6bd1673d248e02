import os
x = os.getenv("x", "1")

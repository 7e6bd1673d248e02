# the marks """ in a comment
import os
x = os.getenv("x", "a")  # and no more

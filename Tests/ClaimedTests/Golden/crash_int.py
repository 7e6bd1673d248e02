"""An int() without a default."""
import os
n = int(os.getenv('n'))

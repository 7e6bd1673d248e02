"""Two calls on a line."""
import os
a, b = os.getenv('a', 'x'), os.getenv('b', 'y')
c, d = os.environ.get('c'), os.getenv('d', 'z')

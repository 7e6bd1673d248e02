"""A default that is computed."""
import os
a = os.getenv('a', os.path.join('x','y'))
b = os.getenv('b', str(3))
c = int(os.getenv('c', 2 * 3))

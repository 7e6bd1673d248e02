"""One name, two calls."""
import os
# first
a = os.getenv('a', '1')
# second
a = int(os.getenv('a', '2'))
b = os.environ['b']
b = os.getenv('b', 'x')

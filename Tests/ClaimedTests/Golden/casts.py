"""Where a cast is seen."""
import os
a = int(os.getenv('a', '1'))
b = float(os.getenv('b', 1e3))
c = bool(os.getenv('c', 'False'))
d = int(float(os.getenv('d', '2.0')))
e = f(int(os.getenv('e', '3')))
g = max(1, int(os.getenv('g', 4)))
h = int(os.getenv('h', '5'), 10)
k = str(os.getenv('k', 6))
l = bool(os.getenv('l', ''))
m = (int(os.getenv('m', '7')))

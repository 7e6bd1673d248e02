"""Defaults without quotes."""
import os
a = os.getenv('a', False)
b = os.getenv('b', 1.5)
c = os.getenv('c', None)
d = os.getenv('d', -3)
e = os.getenv('e', '')
f = os.getenv('f', "")
g = os.getenv('g', DEFAULT)
h = os.getenv('h', [])

"""Backslashes and semicolons."""
import os
a = \
    os.getenv('a', \
              '1')
b = 1; c = os.getenv('c', '2'); os.environ['d'] = c
if c: os.environ['e'] = c; f = os.environ['f']

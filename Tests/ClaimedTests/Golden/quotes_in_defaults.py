"""Quotes and parentheses in defaults."""
import os
a = os.getenv('a', "it's")
b = os.getenv('b', 'say "hi"')
c = os.getenv('c', '(x)')
d = os.getenv('d', 'x)')
e = os.getenv('e', ')')
f = os.getenv('f', 'a\tb')
g = os.getenv('g', r'\d+')
h = os.getenv('h', 'a' 'b')
i = os.getenv('i', 'x') + ')'
j = os.getenv('j',)
k = (os.getenv('k', 'y'))
l = os.getenv("l', 'z')

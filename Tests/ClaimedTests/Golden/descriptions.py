"""Where descriptions come from."""
import os
# one line
a = os.getenv('a', '1')
# two lines,
# of which C3 takes the second
b = os.getenv('b', '1')

c = os.getenv('c', '1')  # behind it
# not above d

d = os.getenv('d', '1')
x = 1  # not a comment line
e = os.getenv('e', '1')
    # "quoted" and # with a hash
f = os.getenv('f', '1')
# pip install numpy
g = os.getenv('g', '1')

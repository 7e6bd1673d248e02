"""Blanks where C3 has none."""
import os
a = os.getenv ('a', '1')
b = os.getenv( 'b', '1')
c = os.getenv('c' )
d = os.getenv('d' , '1' )
e = os . getenv('e')
f = int( os.getenv('f', '1'))
g =int(os.getenv('g', '1'))
h = os.environ ['h']
i = os.environ[ 'i' ]

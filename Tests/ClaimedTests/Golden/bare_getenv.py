"""Names imported from os."""
from os import getenv, environ as env
from os import getenv as ge, path
import os as system
a = getenv('a', '1')
b = env['b']
c = env.get("c", 'x')
d = ge('d')
e = system.getenv('e', '2')
env['f'] = 'out'

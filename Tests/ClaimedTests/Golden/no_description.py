import os
x = os.getenv('x', 'a')

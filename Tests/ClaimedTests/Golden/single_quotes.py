'''
Not seen by C3.
'''
import os
x = os.getenv('x', 'a')

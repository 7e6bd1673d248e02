"""Every way to assign."""
import os
os.environ['plain'] = 'a'
os.environ['more'] += 'b'
os.environ['left'], os.environ['right'] = 'c', 'd'
del os.environ['gone']
os.environ["annotated"]: str = 'e'
first = os.environ['chained'] = 'f'
table = {}
table[os.environ['key']] = 'g'
if os.environ['compared'] == 'h':
    pass

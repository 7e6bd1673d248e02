"""What only looks like a call."""
import os
# os.getenv('in_comment', '1')
text = "os.getenv('in_string', '1')"
long = '''
os.environ['in_text']
'''
real = os.getenv('real', '1')

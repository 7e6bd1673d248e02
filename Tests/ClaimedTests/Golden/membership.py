"""Asks before it reads."""
import os
if 'optional' in os.environ:
    optional = os.environ['optional']
level = os.environ.setdefault('level', '3')
token = os.environ.pop('token', None)
mode = os.getenv('mode') or 'fast'

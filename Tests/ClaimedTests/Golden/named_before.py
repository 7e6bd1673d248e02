"""The name stands in quotes before its call."""
import os
# the table's columns
columns = ['n', 'size']
# how many
n = int(os.getenv('n', '3'))

"""Has the parameter that C3 adds."""
import os
# how much is said
log_level = os.getenv('log_level', 'DEBUG')
# a name that C3's own code has in quotes
info = int(os.getenv('INFO', '1'))

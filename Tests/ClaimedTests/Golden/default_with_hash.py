"""A default with a hash."""
import os
colour = os.getenv('colour', '#ff0000')  # in hexadecimal

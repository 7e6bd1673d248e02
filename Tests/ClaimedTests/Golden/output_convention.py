"""By its name alone it is an input."""
import os
# where the picture goes
output_picture = os.getenv('output_picture')

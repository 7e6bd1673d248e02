"""Requirements in a file."""
# pip install -r requirements.txt
# pip install -r ~/other/requirements.txt
import os

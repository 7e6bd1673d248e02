"""Requirements in a file that is not called .txt."""
# pip install -r requirements.in
import os

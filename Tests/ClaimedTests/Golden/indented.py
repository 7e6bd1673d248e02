"""In functions and classes."""
import os


class Settings:
    """Not the operator's description."""

    def __init__(self, size=int(os.getenv('size', '3'))):
        # where it reads
        self.source: str = os.environ['source']
        self.other = lambda: os.getenv('other', 'x')

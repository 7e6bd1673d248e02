"""Größe – naïve „quotes“."""
import os
# Größe in °C
grösse = float(os.getenv("groesse", "1.5"))
ß = os.getenv("größe", "x")

x = os.getenv("x", "1")

"""Measurements of what the program costs; each module is run with `python -m benchmarks.NAME`."""

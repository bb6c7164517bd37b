"""The engine: runs, their order, their output, and the one door to it all."""

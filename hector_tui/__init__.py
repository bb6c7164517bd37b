"""hector-tui: shared, stateless agents, many sessions, one terminal."""

__version__ = "0.1.0"

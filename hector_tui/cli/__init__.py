"""The command line: one parser, one module per command, nothing heavy imported before it is known what is asked."""

from hector_tui.cli.main import main

__all__ = ["main"]

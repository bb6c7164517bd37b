"""Exit statuses, the same for every command."""

from __future__ import annotations

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
"""The command line or the configuration is wrong."""
EXIT_CANCELLED = 130
"""What shells give for Ctrl-C: 128 and the number of SIGINT."""

"""`python -m hector_tui` is the same as `hector-tui`."""

from hector_tui.cli import main

if __name__ == "__main__":
    raise SystemExit(main())

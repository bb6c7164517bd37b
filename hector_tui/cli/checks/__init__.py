"""What `hector-tui doctor` looks at, one module per section. Nothing here creates or changes a file."""

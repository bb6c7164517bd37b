"""`hector-tui bench`: evidence, on a person's own machine, that nothing gets lost or mixed up, and what it costs."""

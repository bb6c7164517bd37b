"""Plain values the rest of the program speaks in; the standard library is all they need."""

"""Sessions in SQLite: the record of everything said."""

"""A whole session as one JSON document, and back: written from the database, read with suspicion, stored as new."""

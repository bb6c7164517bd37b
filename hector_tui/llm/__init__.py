"""Models: one protocol, one implementation per wire format."""

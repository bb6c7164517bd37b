"""The live inspector: what the agent knows and what it is about to be sent."""

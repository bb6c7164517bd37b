"""Agents: immutable descriptions with references to shared services."""

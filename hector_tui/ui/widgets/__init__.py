"""Widgets of one job each."""

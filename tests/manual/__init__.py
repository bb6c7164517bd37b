"""Checks a person runs by hand, against software that is no dependency of ours."""

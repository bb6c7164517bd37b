"""Hector v1 YAML, read strictly: every problem at once, each with its file, line, column and nearest valid key.

`loader.load()` is the way in and `loaded.LoadedConfig` what it returns. Nothing is imported here, because pydantic and
ruamel.yaml are not needed before the first frame.
"""

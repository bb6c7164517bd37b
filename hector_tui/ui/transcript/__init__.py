"""The transcript: one line-API widget that shows a conversation of any length at the same cost per token."""

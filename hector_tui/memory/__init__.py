"""Working memory, pending batches and long-term memory."""

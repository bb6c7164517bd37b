"""Which keys hector-tui acts on. A known key that is not in the table is accepted with one warning.

To begin acting on a key, add it here; everything below a listed key is covered by it.
"""

from __future__ import annotations

from hector_tui.config.nodes import ANY_KEY, KeyValue, MapNode
from hector_tui.config.problems import KeyPath, ProblemLog

ACTED_ON = (
    "name",
    "description",
    "version",
    "metadata",
    "global.performance.max_concurrency",
    "global.performance.timeout",
    "llms.*.type",
    "llms.*.model",
    "llms.*.api_key",
    "llms.*.host",
    "llms.*.temperature",
    "llms.*.max_tokens",
    "llms.*.timeout",
    "llms.*.max_retries",
    "llms.*.retry_delay",
    "llms.*.context_window",
    "llms.*.keep_alive",
    "llms.*.thinking",
    "llms.*.structured_output",
    "databases.*",
    "embedders.*",
    "prices.*",
    "tools.*.type",
    "tools.*.enabled",
    "tools.*.description",
    "tools.*.require_approval",
    "agents.*.type",
    "agents.*.name",
    "agents.*.description",
    "agents.*.llm",
    "agents.*.database",
    "agents.*.embedder",
    "agents.*.prompt.prompt_slots",
    "agents.*.prompt.system_prompt",
    "agents.*.prompt.instructions",
    "agents.*.memory",
    "agents.*.reasoning.max_iterations",
    "agents.*.reasoning.engine",
    "agents.*.reasoning.show_thinking",
    "agents.*.reasoning.enable_streaming",
    "agents.*.task.worker_pool",
    "agents.*.tools",
    "agents.*.structured_output",
    "agents.*.starters",
    "agents.*.queue_policy",
    "agents.*.limits",
)
"""The keys that change what the program does, `*` standing for any id."""

_PATTERNS = frozenset(tuple(pattern.split(".")) for pattern in ACTED_ON)
_ABOVE = frozenset(pattern[:length] for pattern in _PATTERNS for length in range(1, len(pattern)))
_BLOCKS_BY_ID = frozenset(
    {"llms", "databases", "embedders", "session_stores", "agents", "tools", "document_stores", "prices"}
)


def warn_unsupported(entry: KeyValue, path: KeyPath, log: ProblemLog) -> None:
    """Note every key at and below an entry that is accepted but changes nothing.

    Args:
        entry: The entry.
        path: Its path.
        log: Gets one warning for the highest key of each part nothing acts on; keys with an error get none.
    """
    pattern = _pattern(path)
    if pattern in _PATTERNS:
        return
    if pattern in _ABOVE:
        if isinstance(entry.value, MapNode):
            for below in entry.value.entries.values():
                warn_unsupported(below, (*path, below.key), log)
        return
    if not log.has_error_at(entry.mark):
        log.warning(entry.mark, path, "accepted, but nothing acts on it yet")


def _pattern(path: KeyPath) -> tuple[str, ...]:
    steps = [str(step) for step in path]
    if len(steps) > 1 and steps[0] in _BLOCKS_BY_ID:
        steps[1] = ANY_KEY
    return tuple(steps)

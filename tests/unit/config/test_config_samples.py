from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from hector_tui import paths_bundled
from hector_tui.config.loaded import LoadedConfig
from hector_tui.config.loader import load
from hector_tui.config.samples import bundled_agents_dir
from hector_tui.llm.handbook import PassageIndex, read_passages
from hector_tui.llm.intents import small_talk, tool_intents
from hector_tui.llm.tour import is_tour

# Phrases that fill a prompt without telling the model anything.
FILLER = ("helpful assistant", "you are an ai", "as an ai", "to the best of your ability", "state-of-the-art")


@pytest.fixture(scope="module")
def samples() -> LoadedConfig:
    return load([bundled_agents_dir()], env={})


def test_the_samples_load_without_a_problem(samples: LoadedConfig) -> None:
    assert [str(problem) for problem in samples.problems] == []
    assert {"guide", "assistant", "math_bot", "coder", "editor", "researcher"} <= set(samples.agents)
    assert all(entry.enabled for entry in samples.agents.values())


def test_each_sample_is_one_file_named_after_its_agent(samples: LoadedConfig) -> None:
    assert [(entry.file.stem, entry.id) for entry in samples.agents.values()] == [
        (file.stem, file.stem) for file in sorted(bundled_agents_dir().glob("*.yaml"))
    ]


def test_each_sample_is_complete_and_bounded(samples: LoadedConfig) -> None:
    for entry in samples.agents.values():
        config = entry.config
        assert config is not None
        assert config.name
        assert config.description
        assert "\n" not in config.description
        assert len(config.description) <= 80
        slots = config.prompt.prompt_slots
        assert all((slots.system_role, slots.reasoning_instructions, slots.tool_usage, slots.output_format))
        assert not [phrase for phrase in FILLER if phrase in str(config.prompt).lower()]
        assert config.memory.strategy == "buffer_window"
        assert 8 <= config.reasoning.max_iterations <= 12
        assert config.tools
        assert 2 <= len(config.starters) <= 3
        assert all(len(starter) <= 80 for starter in config.starters)


def test_only_the_guide_needs_no_model(samples: LoadedConfig) -> None:
    configs = {name: entry.config for name, entry in samples.agents.items()}
    llms = {name: config.llm for name, config in configs.items() if config is not None}
    assert llms.pop("guide") == "offline"
    assert set(llms.values()) == {"auto"}


def test_agents_that_write_memories_have_long_term_memory_over_all_their_sessions(samples: LoadedConfig) -> None:
    for entry in samples.agents.values():
        assert entry.config is not None
        long_term = entry.config.memory.long_term
        assert (long_term is not None) is ("recall" in (entry.config.tools or ()))
        assert long_term is None or (long_term.recall_scope == "agent" and long_term.auto_recall)


def test_every_agent_has_a_starter_that_leads_somewhere_without_a_model(samples: LoadedConfig) -> None:
    """It calls a tool the agent has, or is about the program, or has an answer in the handbook."""
    handbook = PassageIndex(read_passages(paths_bundled.bundled("docs")))
    for entry in samples.agents.values():
        assert entry.config is not None
        known = [
            bool(
                tool_intents(starter, entry.config.tools or ())
                or small_talk(starter)
                or is_tour(starter)
                or handbook.search(starter)
            )
            for starter in entry.config.starters
        ]
        assert any(known), entry.id


def installed(folder: Path, *bundled: str) -> ModuleType:
    """The module as it stands in an installation with these bundled folders, and no source checkout around it."""
    package = folder / "site-packages" / "hector_tui"
    package.mkdir(parents=True)
    copy = shutil.copy(paths_bundled.__file__, package / "paths_bundled.py")
    for name in bundled:
        (package / "_bundled" / name).mkdir(parents=True)
    spec = importlib.util.spec_from_file_location("installed_paths_bundled", copy)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_bundled_folders_are_found_in_a_source_checkout() -> None:
    root = Path(paths_bundled.__file__).parent.parent
    assert bundled_agents_dir() == root / "sample_agents"
    assert paths_bundled.bundled("docs") == root / "docs"
    assert paths_bundled.bundled("themes") == root / "themes"


def test_bundled_folders_are_found_in_an_installation(tmp_path: Path) -> None:
    module = installed(tmp_path, "sample_agents")
    assert module.bundled("sample_agents") == tmp_path / "site-packages" / "hector_tui" / "_bundled" / "sample_agents"


def test_an_incomplete_installation_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="'themes' that belongs to hector-tui is missing"):
        installed(tmp_path).bundled("themes")

"""Which agents there are, with which models, and where those could come from."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from hector_tui.agents.models import BuiltModel, ModelShelf, with_stored_keys
from hector_tui.cli.checks.findings import Finding, Section, broken, fact, good, remark
from hector_tui.cli.output import counted
from hector_tui.config.loaded import AgentEntry, LoadedConfig
from hector_tui.config.loader import load
from hector_tui.config.samples import bundled_agents_dir
from hector_tui.llm.discovery import (
    ENV_NO_PROBE,
    Candidate,
    CandidateKind,
    CandidateState,
    Discovery,
    discover,
    kept_words,
)
from hector_tui.llm.keystore import Connection, KeyStore
from hector_tui.paths import Profile
from hector_tui.paths_bundled import bundled


async def configuration_sections(
    paths: Sequence[Path], env: Mapping[str, str], profile: Profile
) -> tuple[Section, Section]:
    """The configuration and the providers, by the same steps as the engine takes at its start."""
    loaded = load(paths or (bundled_agents_dir(),), env=env)
    connected = await asyncio.to_thread(KeyStore.of(profile, loaded.env).load)
    config = with_stored_keys(loaded, connected)
    discovery = await discover(config.env, connected=connected)
    models = await ModelShelf.build(config, discovery, bundled("docs"))
    try:
        return _configuration(config, models, is_sample=not paths), _providers(config, discovery, connected)
    finally:
        await models.aclose()


def _configuration(config: LoadedConfig, models: ModelShelf, *, is_sample: bool) -> Section:
    folders = sorted({str(file.parent) for file in config.files})
    what = "sample agents" if is_sample else "files"
    files = fact(
        what, f"{counted(len(config.files), 'file')} in {', '.join(folders)}", [str(one) for one in config.files]
    )
    return Section(
        "Configuration",
        (
            files if config.files else remark(what, "no file was found"),
            *(_agent(entry, models) for entry in config.agents.values()),
            *(remark(problem.severity.value, str(problem)) for problem in config.problems),
            *_verdict(config),
        ),
    )


def _agent(entry: AgentEntry, models: ModelShelf) -> Finding:
    name = f"agent {entry.id}"
    if not entry.enabled or entry.config is None:
        return remark(name, f"disabled: {entry.reason}", "disabled")
    built = models.get(entry.config.llm)
    if built.model is None:
        return remark(name, f"disabled: {built.detail}", "disabled")
    label = built.model.label
    match built.readiness:
        case "needs_key":
            return remark(name, f"{label} needs {built.detail}", built.readiness)
        case "no_server":
            return remark(name, f"{label}: nothing listens at {built.detail}", built.readiness)
        case _:
            return good(name, f"ready: {_with_detail(label, built)}", built.readiness)


def _with_detail(label: str, built: BuiltModel) -> str:
    return f"{label} ({built.detail})" if built.detail else label


def _verdict(config: LoadedConfig) -> Iterator[Finding]:
    if not config.enabled_agents:
        yield broken("agents", "none can be used; `hector-tui agents validate` shows what is wrong with the files")


def _providers(config: LoadedConfig, discovery: Discovery, connected: Sequence[Connection]) -> Section:
    findings = [_candidate(candidate) for candidate in discovery.candidates]
    if config.env.get(ENV_NO_PROBE, "") not in ("", "0"):
        findings.append(fact("local servers", f"not looked for, because {ENV_NO_PROBE} is set"))
    findings += [_stored(connection) for connection in connected]
    findings.append(fact("order of keys", "an agent's file, then the environment, then the key store"))
    best = discovery.best
    findings.append(fact("llm: auto", f"takes {best.label}{f', {best.model}' if best.model else ''}", best.label))
    return Section("Providers", tuple(findings))


def _stored(connection: Connection) -> Finding:
    """One line of the key store: what is connected and where its key is, never the key."""
    name = f"connected: {connection.name}"
    value = {"type": connection.type, "base_url": connection.base_url, "kept": connection.kept}
    if not connection.kept:
        return good(name, f"{connection.base_url}, without a key", value)
    where = f"{connection.base_url}, " if connection.base_url else ""
    if not connection.key:
        text = f"{where}its key cannot be read from the {kept_words(connection)}; connect it again"
        return remark(name, text, value)
    return good(name, f"{where}key in the {kept_words(connection)}", value)


def _candidate(candidate: Candidate) -> Finding:
    """One line of discovery; a key is named by its variable and never shown."""
    value = {"state": candidate.state.value, "model": candidate.model}
    match candidate.state:
        case CandidateState.READY:
            model = f"{candidate.model}: " if candidate.model else ""
            return good(candidate.label, f"{model}{candidate.detail}", value)
        case CandidateState.NOT_FOUND if candidate.kind is CandidateKind.KEY:
            return remark(candidate.label, candidate.detail, value)
        case _:
            return fact(candidate.label, candidate.detail, value)

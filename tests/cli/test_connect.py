"""`connect`, `disconnect`, `models` and what `doctor` says of them, as a person's shell sees it."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hector_tui.paths import Profile
from tests.cli.support import PATIENCE_S, ROOT, doctor, provider_thread, run
from tests.provider import Answer

KEY = "sk-canary-shell-5566778899"
TIMEOUT_S = 120.0


def shell(home: Path, *arguments: str, given: str = "", mask: int = 0o022) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, with what stands on its standard input."""
    return subprocess.run(
        [sys.executable, "-m", "hector_tui", *arguments],
        input=given,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        cwd=ROOT,
        env=environment(home),
        preexec_fn=lambda: os.umask(mask) and None,
        check=False,
    )


def environment(home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH", "LANG") if name in os.environ}
    return {**kept, "HECTOR_TUI_HOME": str(home), "HECTOR_TUI_NO_PROBE": "1", "HECTOR_TUI_NO_KEYRING": "1"}


def test_a_key_from_standard_input_is_tried_kept_used_listed_and_forgotten(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with provider_thread(Answer(text="it works")) as provider:
        done = shell(home, "connect", "other", "--address", provider.origin, given=f'  "{KEY}"\n')
        assert (done.returncode, done.stderr) == (0, "")
        assert "works" in done.stdout
        assert "the profile's key file" in done.stdout
        name = f"127.0.0.1-{provider.port}"
        listed = shell(home, "models", name, "--json")
        (model,) = [json.loads(line) for line in listed.stdout.splitlines()]
        assert (model["choice"], model["provider"]) == (f"{name}/loop-1", name)
        asked = shell(home, "ask", "assistant", "does it?")
        assert asked.stdout.strip() == "it works"
        assert provider.posts[-1].headers["authorization"] == f"Bearer {KEY}"
        told = shell(home, "doctor")
        assert f"connected: {name}" in told.stdout
        assert "key in the profile's key file" in told.stdout
        assert "an agent's file, then the environment, then the key store" in told.stdout
        gone = shell(home, "disconnect", name)
        assert gone.returncode == 0
        again = shell(home, "disconnect", name)
        assert again.returncode == 2
        for result in (done, listed, asked, told, gone, again):
            assert KEY not in result.stdout + result.stderr
    for path in home.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path


def test_a_refused_key_ends_with_what_was_said(tmp_path: Path) -> None:
    said = json.dumps({"error": {"message": f"unknown key {KEY}"}}).encode()
    with provider_thread(listing=Answer(raw=said, status=401, framing="length")) as provider:
        done = shell(tmp_path / "home", "connect", "other", "--address", provider.origin, given=KEY)
    assert done.returncode == 1
    assert "unknown key ********" in done.stderr
    assert not Profile(tmp_path / "home").keys.exists()


def test_while_it_is_tried_no_process_list_shows_the_key(tmp_path: Path) -> None:
    with provider_thread(listing=Answer(stall_before_headers=True)) as provider:
        process = subprocess.Popen(
            [sys.executable, "-m", "hector_tui", "connect", "other", "--address", provider.origin],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env=environment(tmp_path / "home"),
        )
        assert process.stdin is not None
        process.stdin.write(KEY.encode())
        process.stdin.close()
        deadline = time.monotonic() + PATIENCE_S
        while not provider.requests and time.monotonic() < deadline:
            time.sleep(0.01)
        assert provider.requests
        shown = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, check=True).stdout
        process.kill()
        process.wait()
        for pipe in (process.stdout, process.stderr):
            assert pipe is not None
            pipe.close()
    assert b"hector_tui connect other" in shown
    assert KEY.encode() not in shown


@pytest.mark.parametrize("mask", [0o000, 0o077])
def test_whatever_the_umask_a_new_and_an_older_profile_are_their_owners_alone(tmp_path: Path, mask: int) -> None:
    home = tmp_path / "home"
    for _ in range(2):
        assert shell(home, "ask", "guide", "What is 17 * 23?", mask=mask).returncode == 0
        modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (home, *home.rglob("*"))}
        assert len(modes) > 5
        wrong = {str(path): oct(mode) for path, mode in modes.items() if mode != (0o700 if path.is_dir() else 0o600)}
        assert not wrong
        # As an older version, or a copy, could have left it.
        for path in modes:
            path.chmod(0o755 if path.is_dir() else 0o644)


def test_doctor_lists_what_is_connected_without_its_key(
    capsys: pytest.CaptureFixture[str], profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HECTOR_TUI_NO_KEYRING", "1")
    profile.prepare()
    profile.connections.write_text(
        json.dumps({"connections": [{"name": "groq", "type": "groq", "kept": "file"}, {"name": "x", "type": "groq"}]})
    )
    profile.keys.write_text(json.dumps({"groq": KEY}))
    _, sections = doctor(capsys)
    assert KEY not in json.dumps(sections)
    assert sections["providers"]["connected: groq"]["text"] == "key in the profile's key file"
    assert sections["providers"]["Groq"]["text"].endswith("key from the profile's key file")


def test_without_a_provider_it_lists_what_can_be_connected(capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "connect")
    assert result.status == 0
    assert "anthropic" in result.out
    assert "http://localhost:11434" in result.out
    unknown = run(capsys, "connect", "nobody")
    assert unknown.status == 2
    assert "Providers: openai" in unknown.err

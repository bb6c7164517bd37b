"""What a first request needs is loaded beforehand, in the background: the first Enter waits for no imports."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.pty.terminal import ROOT

_CODE = """
import asyncio, json, sys
from hector_tui.llm.connections import Connections
from hector_tui.llm.factory import LlmSettings, build_model
from tests.provider import Answer, LoopbackProvider
from tests.provider.talk import hear

async def main():
    async with LoopbackProvider(Answer(text="a b c")) as provider:
        settings = LlmSettings(type="openai", model="loop-1", base_url=provider.base_url)
        model = build_model(settings, connections=Connections())
        await model.prepare()
        before = set(sys.modules)
        heard = await hear(model, "a question")
        assert heard.text == "a b c", heard
        print(json.dumps(sorted(set(sys.modules) - before)))
        await model.aclose()

asyncio.run(main())
"""


def test_a_first_request_imports_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", _CODE], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []

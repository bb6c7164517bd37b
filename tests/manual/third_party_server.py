"""A server nobody here wrote answers a streamed question: llama.cpp's, with a tiny random model made on the spot.

It needs packages that are no dependency of ours, in an environment of their own (llama.cpp is compiled; ten minutes):

    python3 -m venv server && server/bin/pip install "llama-cpp-python[server]" gguf
    python -m tests.manual.third_party_server server/bin/python

Prints what the server lists and how its answer was read; the status is 0 when a question was answered by way of
`hector-tui ask`: streamed in more than one piece and ended by its own end marker. A random model talks nonsense.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

_MAKE_MODEL = """
import sys
import numpy as np
import gguf

WIDTH, LAYERS, HEADS, INNER, CONTEXT = 64, 2, 4, 128, 2048
words = "the a of and to in is it you that he was for on are with as his they be at one have this".split()
tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *(f"\\u2581{word}" for word in words)]
kinds = [2, 3, 3, *([6] * 256), *([1] * len(words))]
scores = [0.0] * 259 + [-float(place) for place in range(len(words))]
chance = np.random.default_rng(7)
writer = gguf.GGUFWriter(sys.argv[1], "llama")
writer.add_name("tiny-random")
writer.add_context_length(CONTEXT)
writer.add_embedding_length(WIDTH)
writer.add_block_count(LAYERS)
writer.add_feed_forward_length(INNER)
writer.add_head_count(HEADS)
writer.add_head_count_kv(HEADS)
writer.add_layer_norm_rms_eps(1e-5)
writer.add_rope_dimension_count(WIDTH // HEADS)
writer.add_vocab_size(len(tokens))
writer.add_tokenizer_model("llama")
writer.add_token_list(tokens)
writer.add_token_scores(scores)
writer.add_token_types(kinds)
writer.add_bos_token_id(1)
writer.add_eos_token_id(2)
writer.add_unk_token_id(0)


def random(name, *shape):
    writer.add_tensor(name, chance.normal(0, 0.3, shape).astype(np.float32))


random("token_embd.weight", len(tokens), WIDTH)
for layer in range(LAYERS):
    for name in ("attn_norm", "ffn_norm"):
        writer.add_tensor(f"blk.{layer}.{name}.weight", np.ones(WIDTH, np.float32))
    for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
        random(f"blk.{layer}.{name}.weight", WIDTH, WIDTH)
    for name in ("ffn_gate", "ffn_up"):
        random(f"blk.{layer}.{name}.weight", INNER, WIDTH)
    random(f"blk.{layer}.ffn_down.weight", WIDTH, INNER)
writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
random("output.weight", len(tokens), WIDTH)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
"""
_PATIENCE_S = 120.0
_QUESTION = "Say something."


def main() -> int:
    """Make the model, start the server, ask; the exit status says whether it was answered."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("python", help="the interpreter of the environment with llama-cpp-python and gguf")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return _try(options.python, Path(folder))


def _try(python: str, folder: Path) -> int:
    model = folder / "tiny-random.gguf"
    subprocess.run([python, "-c", _MAKE_MODEL, str(model)], check=True)
    port = _free_port()
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [python, "-m", "llama_cpp.server", "--model", str(model), "--port", str(port), "--n_ctx", "2048"],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        base_url = f"http://127.0.0.1:{port}/v1"
        _wait_until_it_listens(server, base_url, folder / "server.log")
        return _ask(base_url, folder)
    finally:
        server.terminate()
        server.wait()


def _ask(base_url: str, folder: Path) -> int:
    llm = {"type": "openai", "host": base_url, "model": "tiny-random", "temperature": 0.0, "max_tokens": 40}
    config = folder / "agents.yaml"
    # JSON is YAML too.
    config.write_text(json.dumps({"llms": {"tiny": llm}, "agents": {"babbler": {"llm": "tiny", "tools": []}}}))
    env = {**os.environ, "HECTOR_TUI_HOME": str(folder / "profile")}
    command = [sys.executable, "-m", "hector_tui", "ask", "--json", "--config", str(config), "babbler", _QUESTION]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    pieces = [event["text"] for event in events if event["type"] == "TextDelta"]
    last = events[-1] if events else {}
    _say(f"exit status     {done.returncode}")
    _say(f"pieces of text  {len(pieces)}")
    _say(f"answer          {''.join(pieces)!r}")
    _say(f"terminal event  {last.get('type')}, {last.get('stop_reason')}, {last.get('usage')}")
    if done.stderr:
        _say(f"standard error  {done.stderr.strip()}")
    ok = done.returncode == 0 and len(pieces) > 1 and last.get("type") == "RunFinished"
    _say("answered" if ok else "NOT answered")
    return 0 if ok else 1


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_it_listens(server: subprocess.Popen[bytes], base_url: str, log: Path) -> None:
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{base_url}/models", timeout=2) as answer:
                _say(f"the server lists {answer.read(300).decode()}")
                return
        except OSError:
            time.sleep(0.5)
    raise SystemExit(f"the server did not start:\n{log.read_text(errors='replace')[-2000:]}")


def _say(text: str) -> None:
    print(text)  # noqa: T201


if __name__ == "__main__":
    raise SystemExit(main())

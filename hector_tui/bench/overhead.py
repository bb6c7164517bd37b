"""What the engine costs beside the model: until the first event, per request, and per streamed word."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from hector_tui.bench.drive import ask, create
from hector_tui.bench.figures import Spread, spread
from hector_tui.bench.heard import Heard
from hector_tui.bench.plan import Plan
from hector_tui.bench.stage import say_words
from hector_tui.domain.keys import SessionKey
from hector_tui.domain.messages import user_message
from hector_tui.engine.run import Run
from hector_tui.engine.thread import EngineThread
from hector_tui.llm.base import ModelRequest, TextChunk
from hector_tui.llm.offline import OfflineModel
from hector_tui.llm.script import Script

AT_ONCE = 100
"""Requests of the concurrent measurement."""
_ALONE = 100
_ROUNDS = 3
_STREAMED = 10_000
"""Words of the answer that the cost of one word is taken from."""
_FRAME_S = 1 / 12
"""Seconds between two looks of a screen at what is new; as often as the interface looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overhead:
    """Costs of the engine. CPU times are those of the whole process, all threads.

    Attributes:
        alone_event, alone_word: From the send to the first event and the first word in the reader's thread, one
            request at a time.
        crowd_event, crowd_word: The same with 100 requests sent at once.
        crowd_cpu_ms: CPU per request of these.
        model_ms: CPU of the model alone for one such answer.
        word_us: CPU per word from the model to a reader in another thread that is woken for what comes, with the
            journal; `frame_word_us` to one that looks twelve times a second, as a screen does.
        model_word_us: CPU per word of the same model called directly.
        hop_us: CPU of one word through a bare `asyncio.Queue` between two tasks.
    """

    alone_event: Spread
    alone_word: Spread
    crowd_event: Spread
    crowd_word: Spread
    crowd_cpu_ms: float
    model_ms: float
    word_us: float
    frame_word_us: float
    model_word_us: float
    hop_us: float


async def measure_overhead(engine: EngineThread, plan: Plan, script: Script) -> Overhead:
    """Measure on an engine whose offline model follows a `Stage`.

    Raises:
        HectorError: A request was refused.
    """
    keys = [SessionKey(f"overhead-{number}", plan.agent_ids[number % len(plan.agent_ids)]) for number in range(AT_ONCE)]
    for key in keys:
        await create(engine, key)
    words = plan.load.words
    alone = [await ask(engine, key, say_words(words)) for key in keys[:_ALONE]]
    crowd, crowd_cpu_s = await _crowd(engine, keys, words)
    model = OfflineModel(script=script, delay_s=0)
    rounds = [await _round(engine, keys[number], model) for number in range(_ROUNDS)]
    best = [min(column) for column in zip(*rounds, strict=True)]  # interleaved; what is more than the least is noise
    return Overhead(
        alone_event=spread(heard.first_event_s for heard in alone),
        alone_word=spread(heard.first_word_s for heard in alone),
        crowd_event=spread(heard.first_event_s for heard in crowd),
        crowd_word=spread(heard.first_word_s for heard in crowd),
        crowd_cpu_ms=1000 * crowd_cpu_s / len(crowd),
        model_ms=1000 * await _cpu(lambda: _call(model, words)),
        word_us=1e6 * best[0] / _STREAMED,
        frame_word_us=1e6 * best[1] / _STREAMED,
        model_word_us=1e6 * best[2] / _STREAMED,
        hop_us=1e6 * best[3] / _STREAMED,
    )


async def _crowd(engine: EngineThread, keys: list[SessionKey], words: int) -> tuple[list[Heard], float]:
    """Everyone sends at once, a few times; what was heard, and the CPU seconds it took."""
    heard: list[Heard] = []

    async def one(key: SessionKey) -> None:
        heard.append(await ask(engine, key, say_words(words)))

    cpu = time.process_time()
    for _ in range(_ROUNDS):
        await asyncio.gather(*(one(key) for key in keys))
    return heard, time.process_time() - cpu


async def _round(engine: EngineThread, key: SessionKey, model: OfflineModel) -> tuple[float, float, float, float]:
    """One long answer each way; CPU seconds: read as it comes, read in frames, from the model directly, and a queue."""
    return (
        await _cpu(lambda: _stream(engine, key, _read_all)),
        await _cpu(lambda: _stream(engine, key, _read_frames)),
        await _cpu(lambda: _call(model, _STREAMED)),
        await _cpu(lambda: _hop(_STREAMED)),
    )


async def _stream(engine: EngineThread, key: SessionKey, read: Callable[[Run], Awaitable[None]]) -> None:
    await read(await engine.call(lambda opened: opened.chat.send(key, say_words(_STREAMED))))


async def _read_all(run: Run) -> None:
    reader = run.output.reader()
    async for _ in reader:
        pass
    reader.close()


async def _read_frames(run: Run) -> None:
    reader = run.output.reader()
    while not reader.finished:
        await reader.wait()
        reader.take()
        await asyncio.sleep(_FRAME_S)
    reader.close()


async def _call(model: OfflineModel, words: int) -> None:
    async for _ in model.stream(ModelRequest(system="", messages=(user_message(say_words(words)),))):
        pass


async def _hop(words: int) -> None:
    """Each word put into a queue by one task and taken out by another, with the loop free in between."""
    queue: asyncio.Queue[TextChunk] = asyncio.Queue()

    async def put() -> None:
        for number in range(words):
            queue.put_nowait(TextChunk(f"word{number} "))
            await asyncio.sleep(0)

    putting = asyncio.create_task(put())
    for _ in range(words):
        await queue.get()
    await putting


async def _cpu(work: Callable[[], Awaitable[None]]) -> float:
    """CPU seconds of the whole process while something is awaited."""
    before = time.process_time()
    await work()
    return time.process_time() - before

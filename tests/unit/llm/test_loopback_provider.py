"""The loopback provider itself: what other tests rely on."""

from __future__ import annotations

import asyncio
import resource
import sys
from collections.abc import Iterator

import pytest

from hector_tui.llm.base import StopReason
from tests.provider import Answer, LoopbackProvider
from tests.provider.talk import hear
from tests.unit.llm.conftest import MakeModel


@pytest.fixture
def many_files() -> Iterator[None]:
    """Room for both ends of a thousand connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_files")
async def test_a_thousand_streams_are_served_at_once() -> None:
    def request(number: int) -> bytes:
        body = b'{"messages": [{"role": "user", "content": "%012x"}]}' % number
        return b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)

    async def connect(number: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", provider.port)
        writer.write(request(number)[:20])
        return reader, writer

    async with LoopbackProvider() as provider:
        ends = await asyncio.gather(*(connect(number) for number in range(1000)))
        await provider.until(lambda server: server.open_connections == 1000)
        for number, (_, writer) in enumerate(ends):
            writer.write(request(number)[20:])
        answers = await asyncio.gather(*(reader.readuntil(b"0\r\n\r\n") for reader, _ in ends))
        for number, answer in enumerate(answers):
            assert b"%012x:19" % number in answer
            assert b"%012x:0" % (number + 1) not in answer
        for _, writer in ends:
            writer.close()
        await provider.until(lambda server: server.open_connections == 0)
        assert provider.answered == 1000


async def test_a_rate_spreads_the_words_over_time(make_model: MakeModel) -> None:
    loop = asyncio.get_running_loop()
    async with LoopbackProvider(Answer(text="one two three four five", rate=100)) as provider:
        before = loop.time()
        heard = await hear(make_model(provider), "a")
        # At least so long; an upper bound would measure the machine.
        assert loop.time() - before >= 0.05
    assert heard.text == "one two three four five"


async def test_leaving_the_block_ends_stalled_answers(make_model: MakeModel) -> None:
    async with LoopbackProvider(Answer(stall_before_headers=True)) as provider:
        task = asyncio.create_task(hear(make_model(provider), "a"))
        await provider.until(lambda server: len(server.posts) == 1)
        task.cancel()
    assert provider.open_connections == 0
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_it_runs_as_a_process_of_its_own(make_model: MakeModel) -> None:
    command = (sys.executable, "-m", "tests.provider", "--rate", "0", "--words", "3")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        base_url = (await process.stdout.readline()).decode().strip()
        heard = await hear(make_model(base_url), "please deadbeef01")
        assert (heard.text, heard.stop) == ("deadbeef01:0 deadbeef01:1 deadbeef01:2", StopReason.END)
    finally:
        process.terminate()
        await process.communicate()

"""`python -m tests.provider`: the loopback provider as a process, for trying things by hand and for pty tests.

The wire format follows from the path of a request, so one process serves them all.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from tests.provider.answers import Answer, echo
from tests.provider.server import LoopbackProvider
from tests.provider.speech import ReceivedRequest


def main() -> None:
    """Serve until the process is ended; the first line on standard output is the address."""
    parser = argparse.ArgumentParser(prog="python -m tests.provider", description=main.__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--rate", type=float, default=50.0, help="words per second; 0 is as fast as possible")
    parser.add_argument("--words", type=int, default=60, help="words per echoed answer")
    parser.add_argument("--text", help="answer this instead of echoing")
    parser.add_argument("--thinking", default="", help="think this aloud first")
    parser.add_argument("--status", type=int, default=200, help="answer every request with this status")
    parser.add_argument("--stall-after", type=int, help="fall silent after so many bytes")
    parser.add_argument("--cut-after", type=int, help="close the connection after so many bytes")
    parser.add_argument("--model", action="append", help="a model to list; repeatable")
    parser.add_argument("--failure", default="", help="an error in these words, within the stream or with --status")
    options = parser.parse_args()

    def respond(request: ReceivedRequest) -> Answer:
        text = options.text if options.text is not None else echo(request.body, words=options.words).text
        return Answer(
            text=text,
            thinking=options.thinking,
            status=options.status,
            failure=options.failure,
            rate=options.rate,
            stall_after=options.stall_after,
            cut_after=options.cut_after,
        )

    async def serve() -> None:
        async with LoopbackProvider(respond, models=options.model or ("loop-1",), port=options.port) as provider:
            sys.stdout.write(f"{provider.base_url}\n")
            sys.stdout.flush()
            await asyncio.Event().wait()

    try:
        asyncio.run(serve())
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()

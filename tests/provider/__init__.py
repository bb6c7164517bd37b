"""A scripted provider on loopback: a real HTTP server that speaks chat completions and every fault we know of."""

from tests.provider.answers import Answer, WireCall, echo
from tests.provider.server import LoopbackProvider, ReceivedRequest

__all__ = ["Answer", "LoopbackProvider", "ReceivedRequest", "WireCall", "echo"]

"""A scripted provider on loopback: a real HTTP server that speaks every wire format and every fault we know of."""

from tests.provider.answers import Answer, WireCall, echo
from tests.provider.server import LoopbackProvider
from tests.provider.speech import ReceivedRequest

__all__ = ["Answer", "LoopbackProvider", "ReceivedRequest", "WireCall", "echo"]

"""`Redactor`: takes keys out of text that leaves the program by a side door, such as the log.

Two nets. By value: every key this process knows, as it is, in base64 at any offset, and coded for a URL. By pattern:
what looks like a key although nobody told us, such as one that a person set for another program.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator, Mapping
from urllib.parse import quote, quote_plus, urlsplit

MASK = "********"
_SHORTEST = 6
"""Characters; replacing anything shorter would tear words apart, and nobody issues such keys."""
_SECRET_NAME = re.compile(
    # `PWD` by itself is the shell's working folder, whose name stands in nearly every line of a log.
    r"(?:^|_)(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)(?:_|$)|_PWD(?:_|$)",
    re.IGNORECASE,
)
_PATTERNS = (
    # How OpenAI, Anthropic, OpenRouter and DeepSeek (sk-), Groq, xAI, Hugging Face, GitHub and Google begin theirs.
    re.compile(r"\b(?:sk|rk|pk)-[A-Za-z0-9_-]{16,}"),
    re.compile(r"\b(?:gsk_|xai-|hf_|gh[pousr]_|github_pat_)[A-Za-z0-9_-]{16,}"),
    re.compile(r"\bAIza[A-Za-z0-9_-]{30,}"),
    re.compile(r"(?<=Bearer )[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE),
    re.compile(r"(?<=Basic )[A-Za-z0-9+/=]{8,}", re.IGNORECASE),
    re.compile(r"(?<=[?&]key=)[^&\s\"']+", re.IGNORECASE),
    re.compile(r"(?<=://)[^/\s:@\"']*:[^/\s@\"']+(?=@)"),
)


class Redactor:
    """Knows secrets and finds them again; safe to use from any thread."""

    def __init__(self) -> None:
        self._forms: frozenset[str] = frozenset()
        self._known = re.compile(r"(?!)")
        self._learning = threading.Lock()

    def __repr__(self) -> str:
        return f"<Redactor of {len(self._forms)} forms>"

    def learn(self, *secrets: str) -> None:
        """From now on these are not to be seen; what is too short to be a key is left alone."""
        forms = {form for secret in secrets for form in forms_of(secret.strip())}
        with self._learning:
            if forms <= self._forms:
                return
            self._forms |= forms
            # The longest first, or a key that begins another would leave the other's end standing.
            self._known = re.compile("|".join(map(re.escape, sorted(self._forms, key=len, reverse=True))))

    def learn_environment(self, env: Mapping[str, str]) -> None:
        """Learn every variable whose name says that it holds a secret, and the passwords of addresses."""
        for name, value in env.items():
            if _SECRET_NAME.search(name):
                self.learn(value)
            elif "://" in value and "@" in value and (password := _password(value)):
                self.learn(password)

    def redact(self, text: str) -> str:
        """The text with stars in the place of every secret."""
        text = self._known.sub(MASK, text)
        for pattern in _PATTERNS:
            text = pattern.sub(MASK, text)
        return text


def _password(address: str) -> str:
    """The password in an address; empty when it has none."""
    try:
        return urlsplit(address).password or ""
    except ValueError:
        return ""


def forms_of(secret: str) -> Iterator[str]:
    """How a secret can stand in a text: as it is, escaped, coded for a URL, and in base64 at each of its offsets."""
    if len(secret) < _SHORTEST:
        return
    yield from {secret, quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1], json.dumps(secret)[1:-1]}
    raw = secret.encode("utf-8", "replace")
    for offset in range(3):
        # Base64 codes three bytes at a time, so a secret in the middle of something looks one of three ways. What
        # depends on its neighbours, at both ends, is left away.
        coded = base64.b64encode(b"\0" * offset + raw).decode("ascii").rstrip("=")
        core = coded[(0, 2, 3)[offset] : len(coded) - (1 if (offset + len(raw)) % 3 else 0)]
        yield core
        yield core.replace("+", "-").replace("/", "_")

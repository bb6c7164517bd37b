"""From what a provider said to our errors: one classifier for HTTP statuses and for errors inside a stream."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from hector_tui.errors import (
    AuthFailed,
    ModelNotFound,
    ProviderError,
    ProviderTimeout,
    ProviderUnavailable,
    RateLimited,
    RequestRejected,
)
from hector_tui.llm.refused import refused_part
from hector_tui.llm.secrets import Secret, redacted

_LONGEST_WAIT_S = 86_400.0
_LONGEST_DETAIL = 300
_INVISIBLE = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff]+")
_TAG = re.compile(r"<(?:script|style)\b.*?</(?:script|style)>|<[^<>]{0,500}>", re.IGNORECASE | re.DOTALL)
_KEY_REFUSED = re.compile(r"\bAPI key (?:not valid|expired|not found)", re.IGNORECASE)
"""What Gemini says of a key with status 400."""
_RETRYABLE = frozenset({408, 409, 425, 429})
_STATUS_OF_CODE = {
    "api_error": 500,
    "authentication_error": 401,
    "billing_error": 402,
    "context_length_exceeded": 400,
    "engine_overloaded": 503,
    "insufficient_quota": 429,
    "internal_error": 500,
    "internal_server_error": 500,
    "invalid_api_key": 401,
    "invalid_image": 400,
    "invalid_prompt": 400,
    "invalid_request_error": 400,
    "model_not_found": 404,
    "not_found_error": 404,
    "overloaded_error": 529,
    "permission_error": 403,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "request_too_large": 413,
    "server_error": 500,
    "service_unavailable": 503,
    "timeout_error": 408,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Whom a request goes to, as error messages name it.

    Attributes:
        where: Scheme, host and port; no credentials, path or query.
        model: The model that was asked for.
        key: The key, so that it can be removed from whatever the provider says.
        key_name: The environment variable the key is expected in; empty when none is.
    """

    where: str
    model: str
    key: Secret
    key_name: str = ""


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a provider said about a failure: words, the code or type it gave them, and the field it names.

    Attributes:
        wait_s: Seconds it asks to wait in its words instead of in a header, as Gemini does; None when it does not.
    """

    detail: str
    code: str = ""
    parameter: str = ""
    wait_s: float | None = None


def read_complaint(body: bytes, key: Secret) -> Complaint:
    """What an error body says, in one of the many shapes providers use; else its first characters.

    The key is taken out of it before anything is cut: a cut through the key would leave half of it to be seen.
    """
    text = redacted(body.decode("utf-8", "replace"), key)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return Complaint(one_line(_TAG.sub(" ", text[: _LONGEST_DETAIL * 20])))
    found = complaint_of(data)
    return found if found.detail or found.code else Complaint(one_line(text[: _LONGEST_DETAIL * 4]))


def complaint_of(data: Any, depth: int = 0) -> Complaint:
    """What an error object says; empty when it has no shape we know.

    Known shapes: `{"error": {"message", "type", "code"}}` (OpenAI), the same in a list (Gemini), `{"error": "text"}`
    (Ollama), `{"message"}` (Mistral, vLLM), `{"detail"}` as text or as a list of `{"msg"}` (FastAPI),
    `{"errors": [...]}`, and OpenRouter's `metadata.raw`, which holds the words of the provider behind it.
    """
    if isinstance(data, str):
        return Complaint(one_line(data))
    if isinstance(data, list) and data and depth < 4:
        return complaint_of(data[0], depth + 1)
    if not isinstance(data, dict) or depth >= 4:
        return Complaint("")
    code = next((str(data[name]) for name in ("code", "type", "status") if data.get(name) not in (None, "")), "")
    parameter, wait_s = _field_named(data), _wait_named(data)
    for name in ("error", "errors", "message", "detail", "msg", "title"):
        if data.get(name):
            inner = complaint_of(data[name], depth + 1)
            if inner.detail or inner.code:
                detail = _with_upstream(inner.detail, data)
                waits = wait_s if inner.wait_s is None else inner.wait_s
                return Complaint(detail, inner.code or code, inner.parameter or parameter, waits)
    return Complaint("", code, parameter, wait_s)


def _field_named(data: Mapping[str, Any]) -> str:
    """The field of the request an error object names: OpenAI's `param`, or the end of FastAPI's `loc`."""
    match data:
        case {"param": str(name)}:
            return name
        case {"loc": [*_, str(name)]}:
            return name
        case _:
            return ""


def _wait_named(data: Mapping[str, Any]) -> float | None:
    """The seconds Google's `RetryInfo` names: https://cloud.google.com/apis/design/errors#error_details."""
    details = data.get("details")
    for detail in details if isinstance(details, list) else ():
        match detail:
            case {"retryDelay": str(delay)} if delay.endswith("s"):
                seconds = _number(delay[:-1])
                return None if seconds is None else _clipped(seconds)
            case _:
                continue
    return None


def _with_upstream(detail: str, data: Mapping[str, Any]) -> str:
    metadata = data.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    return one_line(f"{detail}: {raw}") if isinstance(raw, str) and raw else detail


def one_line(text: str) -> str:
    """At most 300 characters on one line, without control characters."""
    line = _INVISIBLE.sub(" ", text[: _LONGEST_DETAIL * 8]).strip()
    return line if len(line) <= _LONGEST_DETAIL else f"{line[: _LONGEST_DETAIL - 1]}…"


def in_band_error(error: Any, origin: Origin) -> ProviderError:
    """The error a provider sent inside a stream that had begun with status 200."""
    complaint = read_complaint(json.dumps({"error": error}).encode(), origin.key)
    code = complaint.code
    if isinstance(error, dict) and isinstance(error.get("code"), int):
        status = int(error["code"])
    elif code.isdigit():
        status = int(code)
    else:
        status = _STATUS_OF_CODE.get(code.lower(), 500)
    return refusal(status if 400 <= status <= 599 else 500, complaint, origin, {})


def refusal(status: int, complaint: Complaint, origin: Origin, headers: Mapping[str, str]) -> ProviderError:
    """The error a status code means.

    Args:
        status: 300 to 599.
        complaint: What the body says, without the key.
        origin: Whom the request went to.
        headers: The response's headers, names in lower case.
    """
    said = f": {complaint.detail}" if complaint.detail else ""
    where = origin.where
    match status:
        case 400 if _KEY_REFUSED.search(complaint.detail):
            return AuthFailed(f"the provider refused the key ({status}){said}", where=where, hint=_key_hint(origin))
        case 401 | 403:
            return AuthFailed(f"the provider refused the key ({status}){said}", where=where, hint=_key_hint(origin))
        case 404:
            hint = "Check the model's name, and that the address ends as the provider says, usually in /v1."
            message = f"the provider does not know {origin.model!r} (404){said}"
            return ModelNotFound(message, where=where, hint=hint, refused=_refused(status, complaint))
        case 429:
            return _rate_limited(complaint, said, where, headers)
        case 408 | 504:
            message = f"the provider gave up waiting ({status}){said}"
            return ProviderTimeout(
                message, where=where, retryable=_retryable(True, headers), retry_after_s=retry_after_s(headers)
            )
        case _ if status >= 500 or status in _RETRYABLE:
            return ProviderUnavailable(
                f"the provider failed ({status}){said}",
                where=where,
                hint="Try again in a moment.",
                retryable=_retryable(True, headers),
                retry_after_s=retry_after_s(headers),
            )
        case _:
            return RequestRejected(
                f"the provider refused the request ({status}){said}",
                where=where,
                hint=_rejection_hint(status, complaint),
                retryable=_retryable(False, headers),
                refused=_refused(status, complaint),
            )


def _refused(status: int, complaint: Complaint) -> str:
    return refused_part(status, complaint.detail, complaint.code, complaint.parameter)


def redirect(status: int, host: str, origin: Origin) -> ProviderError:
    """A redirect, which is never followed: it would carry the key and the conversation to another host."""
    target = one_line(host) or "an unnamed place"
    return RequestRejected(
        f"the provider redirects to {target} ({status}), which is not followed",
        where=origin.where,
        hint="If you trust it, use that address as the provider's address.",
    )


def _rate_limited(complaint: Complaint, said: str, where: str, headers: Mapping[str, str]) -> RateLimited:
    if complaint.code == "insufficient_quota":
        return RateLimited(
            f"the quota is used up (429){said}", where=where, hint="Check plan and billing at the provider."
        )
    wait_s = retry_after_s(headers)
    wait_s = complaint.wait_s if wait_s is None else wait_s
    hint = f"It asks to wait {wait_s:.0f} seconds." if wait_s else "Try again in a moment."
    retryable = _retryable(True, headers)
    return RateLimited(
        f"too many requests (429){said}", where=where, hint=hint, retryable=retryable, retry_after_s=wait_s
    )


def _key_hint(origin: Origin) -> str:
    name = origin.key_name or "api_key"
    return f"Check {name}." if origin.key else f"No key was sent; set {name}."


def _rejection_hint(status: int, complaint: Complaint) -> str:
    if status == 402 or "credit balance is too low" in complaint.detail:
        return "Check the balance at the provider."
    # Anthropic has no code for it, only words.
    if status == 413 or complaint.code == "context_length_exceeded" or "prompt is too long" in complaint.detail:
        return (
            "The conversation is longer than the model takes: choose a smaller memory budget, or start a new session."
        )
    return ""


def _retryable(usual: bool, headers: Mapping[str, str]) -> bool:
    """OpenAI's `x-should-retry` header overrules the usual meaning of a status."""
    match headers.get("x-should-retry", "").lower():
        case "true":
            return True
        case "false":
            return False
        case _:
            return usual


def retry_after_s(headers: Mapping[str, str], *, now: datetime | None = None) -> float | None:
    """Seconds a provider asks to wait, 0 to 86,400; None when it does not say.

    Reads `retry-after-ms`, then `Retry-After` as seconds or as a date.
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return _clipped(milliseconds / 1000)
    text = headers.get("retry-after", "").strip()
    seconds = _number(text)
    if seconds is not None:
        return _clipped(seconds)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return _clipped((date - (now or datetime.now(UTC))).total_seconds())


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return None if math.isnan(value) else value


def _clipped(seconds: float) -> float:
    return min(max(seconds, 0.0), _LONGEST_WAIT_S)

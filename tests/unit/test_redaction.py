"""No key in a log, in whatever form it stands there."""

from __future__ import annotations

import base64
import json
import logging
import stat
from pathlib import Path
from urllib.parse import quote

import pytest

from hector_tui.log import start_logging
from hector_tui.redaction import MASK, Redactor

KEY = 'k3y/with+odd="chars"&more-7f3a'


@pytest.mark.parametrize("before", ["", "a", "ab", "user:", "Basic-user:"])
def test_a_known_key_is_found_in_base64_wherever_it_begins(before: str) -> None:
    redactor = Redactor()
    redactor.learn(KEY)
    coded = base64.b64encode(f"{before}{KEY}-and after".encode()).decode()
    hidden = redactor.redact(f"sent {coded} away")
    assert MASK in hidden
    remains = base64.b64decode("".join(hidden.split()[1].split(MASK)[:1]).ljust(4, "A")[:4], validate=False)
    assert KEY[:6].encode() not in remains


@pytest.mark.parametrize("form", [KEY, quote(KEY, safe=""), json.dumps(KEY), repr(KEY)])
def test_a_known_key_is_found_as_it_is_and_coded(form: str) -> None:
    redactor = Redactor()
    redactor.learn(KEY)
    assert KEY[4:20] not in redactor.redact(f"<{form}>")
    assert MASK in redactor.redact(f"<{form}>")


@pytest.mark.parametrize(
    "text",
    [
        "sk-abcdefghijklmnop1234",
        "AIzaSyA1234567890abcdefghijklmnopqrstu",
        "gsk_abcdefghijklmnop12345",
        "Authorization: Bearer abcdefgh12345678",
        "GET /v1beta/models?key=abcdefgh12345678",
        "postgres://hector:abcdefgh12345678@db/x",
    ],
)
def test_what_looks_like_a_key_is_hidden_though_nobody_told(text: str) -> None:
    hidden = Redactor().redact(text)
    assert "abcdefgh1234567" not in hidden
    assert "1234567890abcdefgh" not in hidden
    assert MASK in hidden


def test_ordinary_text_stays() -> None:
    redactor = Redactor()
    redactor.learn("", "abc", " ")
    text = "task-management in /home/x: abc, 12:30, http://localhost:8080/v1 and a Bearer of news"
    assert redactor.redact(text) == text


def test_secrets_of_the_environment_are_learnt_by_their_names() -> None:
    redactor = Redactor()
    redactor.learn_environment(
        {"MY_API_KEY": "value-one", "DB_PASSWORD": "value-two", "HOME": "/root-of-all", "DB": "pg://me:value-six@h/d"}
    )
    assert redactor.redact("value-one value-two /root-of-all value-six") == f"{MASK} {MASK} /root-of-all {MASK}"


def test_the_working_folder_is_no_secret() -> None:
    redactor = Redactor()
    redactor.learn_environment({"PWD": "/home/me/work", "OLDPWD": "/home/me/other", "MYSQL_PWD": "value-one"})
    assert redactor.redact("/home/me/work /home/me/other value-one") == f"/home/me/work /home/me/other {MASK}"


def test_the_log_hides_keys_in_messages_arguments_and_tracebacks_and_is_private(tmp_path: Path) -> None:
    redactor = Redactor()
    redactor.learn(KEY)
    path = tmp_path / "x.log"
    start_logging(path, debug=True, redactor=redactor)
    logger = logging.getLogger("hector_tui.test")
    try:
        logger.debug("half %s", KEY)
        try:
            raise ValueError(f"the key was {KEY}")
        except ValueError:
            logger.exception("failed")
    finally:
        for handler in list(logging.getLogger("hector_tui").handlers):
            logging.getLogger("hector_tui").removeHandler(handler)
            handler.close()
        logging.captureWarnings(False)
    text = path.read_text()
    assert KEY not in text
    assert text.count(MASK) == 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

"""A link is opened only after all of it was seen, and never one that reads differently to a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from hector_tui.errors import LinkError
from hector_tui.ui.links import Link, checked_link, open_link, opener


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://example.org/a?b=c#d", "example.org"),
        ("HTTP://Example.org:8080/", "example.org:8080"),
        ("mailto:a@b.example?subject=x", "a@b.example"),
        ("https://[::1]:9/x", "[::1]:9"),
        ("https://bücher.example/", "xn--bcher-kva.example"),
        ("https://аpple.com/", "xn--pple-43d.com"),
        ("https://google.com@evil.example/login", "evil.example"),
    ],
)
def test_a_link_says_where_it_goes(url: str, site: str) -> None:
    link = checked_link(url)
    assert link.site == site
    assert link.question.startswith(f"Goes to: {site}\n") and link.question.endswith(f"\n\n{url}")


def test_what_could_deceive_is_said() -> None:
    assert "to sign in with" in checked_link("https://google.com@evil.example/").question
    assert "beyond a to z" in checked_link("https://аpple.com/").question
    assert checked_link("https://example.org/").remarks == ()


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "javascript:alert(1)",
        "ssh://host",
        "-oProxyCommand=x",
        "https://",
        "mailto:",
        "https://good.example\\@evil.example/",
        "https://good.example/ https://evil.example",
        "https://good.example/\u202egpj.exe",
        "https://good.example/\x1b]52;c;x\x07",
        "https://good\u200b.example/",
        "https://[broken/",
        "https://host:port/",
        "https://" + "ä" * 80 + ".example/",
        "",
    ],
)
def test_what_is_no_honest_link_is_refused(url: str) -> None:
    with pytest.raises(LinkError):
        checked_link(url)


def desktop(folder: Path, *programs: str, script: str = 'printf "%s\\n" "$@" > "$0.args"') -> str:
    """Programs in a folder, and that folder as a path."""
    for name in programs:
        path = folder / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
    return str(folder)


def test_only_a_desktop_opens_links(tmp_path: Path) -> None:
    path = desktop(tmp_path, "xdg-open", "open", "explorer.exe")
    assert opener({"PATH": path, "DISPLAY": ":0"}, "linux") == ("xdg-open",)
    assert opener({"PATH": path, "WAYLAND_DISPLAY": "w"}, "linux") == ("xdg-open",)
    assert opener({"PATH": path, "WSL_DISTRO_NAME": "x"}, "linux") == ("explorer.exe",)
    assert opener({"PATH": path}, "darwin") == ("open",)
    assert opener({"PATH": path}, "linux") == ()
    assert opener({"PATH": str(tmp_path / "none"), "DISPLAY": ":0"}, "linux") == ()


async def test_the_address_reaches_the_program_as_one_argument(tmp_path: Path) -> None:
    path = Path(desktop(tmp_path, "xdg-open")) / "xdg-open"
    url = "https://example.org/?a=$(id)&b=`x`;c='d'"
    await open_link(Link(url, "example.org"), (str(path),))
    assert (tmp_path / "xdg-open.args").read_text("utf-8") == f"{url}\n"


async def test_a_program_that_fails_is_reported(tmp_path: Path) -> None:
    path = Path(desktop(tmp_path, "xdg-open", script="exit 3")) / "xdg-open"
    with pytest.raises(LinkError, match="ended with 3"):
        await open_link(Link("https://a.example", "a.example"), (str(path),))
    with pytest.raises(LinkError, match="cannot be started"):
        await open_link(Link("https://a.example", "a.example"), (str(tmp_path / "gone"),))

"""Links: what a person must know before one is opened, and the program that opens it.

Python's `webbrowser` is not used: where no desktop is it starts a text browser in our own terminal, and what its
programs print lands on the screen.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from hector_tui.errors import LinkError
from hector_tui.ui.text import clean, clean_line

_WEB = ("http", "https")
_TIMEOUT_S = 10.0
"""Seconds after which a program that opens links is taken to have done so; some stay as long as the browser does."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link that may be opened.

    Attributes:
        url: The address, whole; there is no character in it that is not seen.
        site: The machine it goes to, as the network spells it; for mail the address.
        remarks: What about it could deceive.
    """

    url: str
    site: str
    remarks: tuple[str, ...] = ()

    @property
    def question(self) -> str:
        """What the person is shown before it is opened."""
        return "\n".join((f"Goes to: {self.site}", *self.remarks, "", self.url))


def checked_link(url: str) -> Link:
    """Look at an address.

    Raises:
        LinkError: It is no web or mail link, or it is written so that a browser may read another address than a person.
    """
    if clean(url) != url or any(character.isspace() or character == "\\" for character in url):
        raise LinkError(f"the link has blanks or hidden characters in it: {clean_line(url, 80)}")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise LinkError(f"the link's address makes no sense: {clean_line(url, 80)}") from None
    if parts.scheme == "mailto" and parts.path:
        return Link(url, parts.path)
    if parts.scheme not in _WEB or not host:
        raise LinkError(f"only web and mail links are opened, not {clean_line(url, 80)}")
    remarks = []
    if "@" in parts.netloc:
        remarks.append("What stands before the @ is a name to sign in with, not the site.")
    site = f"[{host}]" if ":" in host else _network_name(host, url)
    if not host.isascii():
        remarks.append(f"The site's name has letters beyond a to z; it is written {host}.")
    return Link(url, site if port is None else f"{site}:{port}", tuple(remarks))


def _network_name(host: str, url: str) -> str:
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        raise LinkError(f"the link names no site that can exist: {clean_line(url, 80)}") from None


def opener(env: Mapping[str, str], platform: str = sys.platform) -> Sequence[str]:
    """The command that opens a link on this desktop; empty where there is none, as in most shells over ssh."""
    if platform == "darwin":
        commands: tuple[tuple[str, ...], ...] = (("open",),)
    elif env.get("WSL_DISTRO_NAME"):
        commands = (("wslview",), ("explorer.exe",))
    elif env.get("DISPLAY") or env.get("WAYLAND_DISPLAY"):
        commands = (("xdg-open",), ("gio", "open"))
    else:
        commands = ()
    return next((command for command in commands if shutil.which(command[0], path=env.get("PATH"))), ())


async def open_link(link: Link, command: Sequence[str]) -> None:
    """Have a link opened.

    Raises:
        LinkError: The program is gone, or says that it could not.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            link.url,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        async with asyncio.timeout(_TIMEOUT_S):
            code = await process.wait()
    except TimeoutError:
        return
    except OSError as error:
        raise LinkError(f"{command[0]} cannot be started ({error.strerror or error})") from None
    # Explorer answers 1 whatever it did.
    if code and command[0] != "explorer.exe":
        raise LinkError(f"{command[0]} could not open the link (it ended with {code})")

"""The files of a message as models take them: a picture as a data URL, anything else as text under its name."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

from hector_tui.domain.messages import FilePart, Message, Role
from hector_tui.errors import RequestRejected
from hector_tui.llm.providers import takes_images


def is_picture(part: FilePart) -> bool:
    """Whether a file is one that models see; SVG is a drawing in words, and they read it."""
    return part.is_image and part.media_type != "image/svg+xml"


def question_at(messages: Sequence[Message]) -> int:
    """Where the question that is being answered stands; -1 when there is none."""
    return max((number for number, message in enumerate(messages) if message.role is Role.USER), default=-1)


def unseen(name: str) -> str:
    """What a model is told of a picture it cannot take in an earlier message.

    It was shown to another model: one old picture must not end the conversation.
    """
    return f"[{name}: a picture, which this model cannot see]"


def content_of(part: FilePart, files: Mapping[str, bytes]) -> bytes:
    """The bytes of a file.

    Raises:
        RequestRejected: They are not there any more.
    """
    if (content := files.get(part.file_id)) is None:
        raise RequestRejected(f"the content of {part.name!r} is not there any more", hint="Attach the file again.")
    return content


def data_url(part: FilePart, files: Mapping[str, bytes], model: str) -> str:
    """A picture, as the URL that holds it.

    Raises:
        RequestRejected: The bytes are not there any more, or the model is known to take text alone.
    """
    if not takes_images(model):
        raise RequestRejected(
            f"{model} takes no images, and {part.name!r} is one", hint="Take another model, or ask without the image."
        )
    return f"data:{part.media_type};base64,{base64.b64encode(content_of(part, files)).decode('ascii')}"


def file_text(part: FilePart, files: Mapping[str, bytes]) -> str:
    """A text file's words under its name, so that a model can tell several apart.

    Raises:
        RequestRejected: The bytes are not there any more.
    """
    text = content_of(part, files).decode("utf-8-sig", "replace")
    return f"The file {part.name}:\n\n{text}"

"""The transcript: one line-API widget that shows a conversation of any length at the same cost per token.

widget.py      paints the rows in view, owns the scroll position, posts what the person wants
document.py    one session's entries and the reader's place among them
flow.py        which rows exist, where each part starts, what is kept rendered
entries.py     messages, answers, notices          folds.py    rows that open
parts.py       the pieces of an entry              heights.py  sums of their heights
markdown.py    a growing source, cut into blocks that are parsed once
render.py      blocks to rows                      inline.py, table.py, code.py, wrapping.py, lines.py
styles.py      the theme's colours                 memo.py     what the frame before rendered
"""

from hector_tui.ui.transcript.document import TranscriptDocument
from hector_tui.ui.transcript.entries import AnswerEntry, Entry, NoticeEntry, NoticeLevel, UserEntry
from hector_tui.ui.transcript.folds import FoldEntry, FoldState
from hector_tui.ui.transcript.widget import Transcript

__all__ = [
    "AnswerEntry",
    "Entry",
    "FoldEntry",
    "FoldState",
    "NoticeEntry",
    "NoticeLevel",
    "Transcript",
    "TranscriptDocument",
    "UserEntry",
]

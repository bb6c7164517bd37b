"""What is done with a conversation that is read: copying, searching, paging, jumping, and the actions of a block."""

from __future__ import annotations

import os
from abc import abstractmethod
from functools import partial
from pathlib import Path

from textual import on

from hector_tui.domain.turns import Turn
from hector_tui.errors import HectorError, LinkError
from hector_tui.ui.block_actions import Act, BlockAction, actions_for, quoted, text_of
from hector_tui.ui.clipboard import copy_text
from hector_tui.ui.conversation import Conversation
from hector_tui.ui.export import as_markdown, write_export
from hector_tui.ui.kept_files import KeptFile, kept_of
from hector_tui.ui.links import Link, checked_link, open_link, opener
from hector_tui.ui.screens.block_menu import BlockMenu
from hector_tui.ui.screens.dialogs import Confirm
from hector_tui.ui.screens.link_picker import LinkPicker
from hector_tui.ui.screens.pager import PagerScreen
from hector_tui.ui.screens.split_actions import SplitActions
from hector_tui.ui.text import clean_line
from hector_tui.ui.transcript.blocks import CodeBlock, Stop, TableBlock, find_blocks
from hector_tui.ui.transcript.document import TranscriptDocument
from hector_tui.ui.transcript.plain import PlainEntry
from hector_tui.ui.transcript.selecting import stop_range
from hector_tui.ui.transcript.view import TranscriptView
from hector_tui.ui.transcript.widget import Transcript
from hector_tui.ui.widgets.search_bar import SearchBar

COPY_WORDS = "all|question|code|table|csv"
"""What `/copy` can be told to take instead of the last answer."""


class ReadingActions(SplitActions):
    """The actions of the conversation screen that change nothing in the conversation."""

    copied: Path
    """Where a copy goes when no clipboard is sure to take it."""

    @property
    def search_bar(self) -> SearchBar:
        """Where a person types what to search for."""
        return self.query_one("#search", SearchBar)

    def search_ends(self) -> None:
        """Put the search bar away, when what it searches goes off the screen."""
        self.search_bar.close(restore=False)

    def put_away(self) -> bool:
        """Put away what was searched for or selected; returns whether there was anything."""
        searched = [transcript for transcript, _ in self.panes if transcript.searched is not None]
        if self.search_bar.is_open:
            self.search_bar.close()
        elif searched:
            for transcript in searched:
                transcript.highlight(None)
        elif self.selections:
            self.clear_selection()
        else:
            return False
        return True

    def _key_escape(self) -> None:
        """Nothing: Textual drops the selection before the binding of Esc runs, which would then do the next thing."""

    # Copying

    def copy(self, text: str, what: str) -> None:
        """Copy, and say where it went."""
        self.run_command(partial(copy_text, self.app, text, what, self.copied))

    def action_copy_text(self) -> None:
        """Copy what is selected anywhere on the screen: what Textual does for its own copy key, said out loud."""
        if text := self.get_selected_text():
            self.copy(text, "selection")

    def action_copy_answer(self) -> None:
        """Copy the block under the cursor, else the last answer as Markdown."""
        stop = self.reader.document.settled_stop()
        if stop is not None:
            self.copy(stop.copied, stop.kind)
        else:
            self.copy_named("answer")

    def copy_named(self, what: str) -> None:
        """Copy what `/copy` was told to: the last answer, question, block of code or table, or all of it."""
        conversation = self.read
        if conversation is None:
            return
        if what == "all":
            self.run_command(partial(self._copy_all, conversation))
            return
        text = self._named(conversation, what)
        if text is None:
            self.tell(f"/copy takes {COPY_WORDS.replace('|', ', ')}; without a word it takes the last answer.")
        elif not text:
            self.tell(f"There is no {what} to copy yet.")
        else:
            self.copy(text, what)

    def _named(self, conversation: Conversation, what: str) -> str | None:
        """The newest text of a name; empty when there is none, None for a name that means nothing."""
        answer = conversation.document.last_answer_text()
        match what:
            case "answer":
                return answer
            case "question":
                return conversation.questions[-1] if conversation.questions else ""
            case "code":
                return next((b.text for b in reversed(find_blocks(answer)) if isinstance(b, CodeBlock)), "")
            case "table":
                return next((b.markdown for b in reversed(find_blocks(answer)) if isinstance(b, TableBlock)), "")
            case "csv":
                return next((b.csv for b in reversed(find_blocks(answer)) if isinstance(b, TableBlock)), "")
            case _:
                return None

    async def _copy_all(self, conversation: Conversation) -> None:
        await conversation.load_all()
        title = _title_of(conversation)
        await copy_text(self.app, as_markdown(title, conversation.document), "conversation", self.copied)

    def action_export(self) -> None:
        """Write the conversation to a Markdown file in the working folder."""
        self.export("")

    def export(self, named: str) -> None:
        """Write the conversation to a file; what is on screen also when the database cannot be read."""
        if (conversation := self.read) is not None:
            self.run_command(partial(self._export, conversation, named))

    async def _export(self, conversation: Conversation, named: str) -> None:
        missing = ""
        try:
            await conversation.load_all()
        except HectorError as error:
            missing = f", but only what is loaded: {error}"
        title = _title_of(conversation)
        try:
            path = write_export(title, as_markdown(title, conversation.document), named)
        except OSError as error:
            reason = f"Not exported to {error.filename}: {error.strerror}. /export FILE writes to another file."
            self.app.notify(clean_line(reason), severity="error", markup=False, timeout=8)
        else:
            self.tell(f"Exported to {path}{missing}")

    # Searching and paging

    def action_search(self) -> None:
        """Search the shown conversation."""
        self.search("")

    def search(self, text: str) -> None:
        """Search the shown conversation for a text, older turns as well."""
        conversation = self.read
        if conversation is not None:
            self.search_bar.open(self.reader, conversation.load_many, text, label=self.name_of_pane("find"))

    def action_match(self, by: int) -> None:
        """Go to another match of what was searched last."""
        self.search_bar.step(self.reader, by)

    @on(SearchBar.Closed)
    def _search_closed(self, message: SearchBar.Closed) -> None:
        message.stop()
        if message.stay or message.transcript is self.side.transcript:
            message.transcript.focus()
        else:
            self.prompt.focus()

    def action_pager(self) -> None:
        """Read the whole conversation on the whole screen."""
        conversation = self.read
        if conversation is None:
            return
        self.search_bar.close()
        pager = PagerScreen(
            _title_of(conversation),
            conversation.document,
            copied=self.copied,
            load_older=conversation.load_many,
            conversation=True,
            open_link=self.open_link,
        )
        self.app.push_screen(pager, lambda _: self._back_from_pager(conversation))

    def _back_from_pager(self, conversation: Conversation) -> None:
        for transcript, shown in self.panes:
            if conversation is shown:
                transcript.show(conversation.document)

    def _page(self, title: str, text: str) -> None:
        """Read one text on the whole screen."""
        document = TranscriptDocument([PlainEntry(text)])
        document.scroll_home()
        self.app.push_screen(PagerScreen(title, document, copied=self.copied))

    def action_folds(self) -> None:
        """Open all tool calls and thinking, or close them again."""
        if self.reader.toggle_folds() is None:
            self.tell("There is nothing to open in this conversation.")

    # Going to places

    def action_question(self, step: int) -> None:
        """Put the next question or the one before at the top."""
        self.reader.action_question(step)

    @on(Transcript.QuestionWanted)
    def _question_wanted(self, message: Transcript.QuestionWanted) -> None:
        message.stop()
        if (conversation := self.showing(message.document)) is not None:
            work = partial(self._older_question, conversation, message.transcript)
            self.run_command(work, group="older")

    async def _older_question(self, conversation: Conversation, transcript: TranscriptView) -> None:
        loaded = await conversation.load_older()
        if loaded and isinstance(transcript, Transcript) and transcript.document is conversation.document:
            transcript.action_question(-1)

    def action_top(self) -> None:
        """Go to the very first row, whatever has to be loaded for it."""
        self.reader.action_scroll_home()

    @on(Transcript.OldestWanted)
    def _oldest_wanted(self, message: Transcript.OldestWanted) -> None:
        message.stop()
        if (conversation := self.showing(message.document)) is not None:
            self.run_command(partial(self._go_to_oldest, conversation, message.transcript), group="older")

    async def _go_to_oldest(self, conversation: Conversation, transcript: TranscriptView) -> None:
        await conversation.load_all()
        if transcript.document is conversation.document and not conversation.document.following:
            transcript.scroll_home()

    @on(Transcript.OlderWanted)
    def _older_wanted(self, message: Transcript.OlderWanted) -> None:
        if (conversation := self.showing(message.document)) is not None:
            self.run_command(conversation.load_older, group="older")

    # Blocks

    @on(Transcript.CopyWanted)
    def _copy_wanted(self, message: Transcript.CopyWanted) -> None:
        message.stop()
        self.copy(message.text, message.what)

    @on(Transcript.ActionsWanted)
    def _actions_wanted(self, message: Transcript.ActionsWanted) -> None:
        message.stop()
        stop = message.block
        transcript = message.transcript
        conversation = self.showing(transcript.document)
        if conversation is None:
            return
        last = stop.entry is conversation.document.last_answer()
        in_turn = conversation.turn_of(stop.entry) is not None
        actions = actions_for(stop, is_last_answer=last, in_turn=in_turn)
        menu = BlockMenu(stop.kind, stop.copied.strip("\n").partition("\n")[0], actions)
        chosen = partial(self.do_block_action, transcript, conversation, stop)
        self.app.push_screen(menu, lambda action: chosen(action) if action is not None else None)

    def do_block_action(
        self, transcript: Transcript, conversation: Conversation, stop: Stop, action: BlockAction
    ) -> None:
        """Do what was chosen in the menu of a block, in the conversation it stands in."""
        if transcript.document is not conversation.document or not conversation.document.holds(stop.entry):
            return
        turn = conversation.turn_of(stop.entry)
        match action.act:
            case Act.COPY_PLAIN:
                self.copy(_plain_text(conversation.document, stop), f"{stop.kind} as plain text")
            case Act.QUOTE:
                self._quote(stop.text)
            case Act.RAW:
                self._page(f"{stop.kind.capitalize()}, as it was written", stop.text)
            case Act.SELECT:
                transcript.select(stop_range(conversation.document, stop))
            case Act.TOGGLE:
                transcript.action_toggle_fold()
            case Act.EDIT if turn is not None:
                self._edit_turn(conversation, turn)
            case Act.ASK_AGAIN if turn is not None:
                self.ask_again(conversation, turn)
            case _:
                self.copy(*text_of(stop, action))

    def _quote(self, text: str) -> None:
        begun = self.prompt.value
        self.prompt.take(("\n" if begun and not begun.endswith("\n") else "") + quoted(text))
        self.reader.drop_cursor()
        self.prompt.focus()

    def action_quote(self) -> None:
        """Quote the selection, the block under the cursor, or the last answer into the prompt."""
        text = self.reader.selected_text or self.reader.cursor_text() or self.reader.last_answer_text()
        if text:
            self._quote(text)
        else:
            self.tell("There is nothing to quote yet.")

    def action_edit_question(self) -> None:
        """Put a question back into the prompt: the one of the block under the cursor, else the last one."""
        conversation = self.read
        turn = self._chosen_turn(conversation)
        if conversation is None or turn is None:
            self.tell("There is no question to edit yet.")
        else:
            self._edit_turn(conversation, turn)

    def _edit_turn(self, conversation: Conversation, turn: Turn) -> None:
        """Nothing that was said is changed: sending the edited text begins a new turn at the end."""
        self.run_command(partial(self._edit_in_prompt, conversation, turn))

    async def _edit_in_prompt(self, conversation: Conversation, turn: Turn) -> None:
        if conversation is not self.active:
            # The prompt belongs to the other one: what is sent from it would not arrive where it was asked.
            await self.show_conversation(conversation)
        files = await self.desk.files_of(turn.key, turn.files)
        if conversation is self.active:
            self.reader.drop_cursor()
            self.put_into_prompt(conversation, addressed(conversation, turn), kept_of(turn.text, files))

    def put_into_prompt(self, conversation: Conversation, text: str, kept: tuple[KeptFile, ...]) -> None:
        """Put a message into the prompt of the active conversation, with the files it was sent with."""
        had_draft = bool(self.prompt.value.strip())
        self.prompt.rewrite(text)
        self.prompt.focus()
        conversation.draft, conversation.kept = self.prompt.value, kept
        self.refresh_attachments()
        if had_draft:
            self.tell("The draft made room for the question; ctrl+z brings it back.")

    @abstractmethod
    def refresh_attachments(self) -> None:
        """Say which files go with the draft."""

    def _chosen_turn(self, conversation: Conversation | None) -> Turn | None:
        if conversation is None:
            return None
        cursor = conversation.document.cursor
        return (conversation.turn_of(cursor) if cursor is not None else None) or conversation.last_turn

    def ask_again(self, conversation: Conversation, turn: Turn) -> None:
        """Ask a question once more, of the agent that answered it and with its files: a new turn at the end."""
        self.run_command(partial(self.repeat, conversation, turn))

    async def repeat(self, conversation: Conversation, turn: Turn) -> None:
        """Send a question once more; the draft stays as it is."""
        await self.desk.repeat(turn)
        if conversation is self.active:
            self.transcript.scroll_end(animate=False)
        self.refresh_tabs()

    def action_raw(self) -> None:
        """View the block under the cursor, or the last answer, as it was written."""
        document = self.reader.document
        answer = document.last_answer()
        stop = document.settled_stop() or (None if answer is None else Stop(answer))
        if stop is not None:
            self._page(f"{stop.kind.capitalize()}, as it was written", stop.text)
        else:
            self.tell("There is nothing to view yet.")

    # Links

    def action_links(self) -> None:
        """Choose among the links in view."""
        urls = self.reader.visible_links()
        if urls:
            self.app.push_screen(LinkPicker(urls), lambda url: self.open_link(url) if url else None)
        else:
            self.tell("There is no link in view.")

    def open_link(self, url: str) -> None:
        """Open a link after a question that shows all of it; where nothing can open it, offer to copy it."""
        try:
            link = checked_link(url)
        except LinkError as error:
            self.app.notify(clean_line(str(error), 300), severity="warning", markup=False, timeout=8)
            return
        command = opener(os.environ)
        if command:
            dialog = Confirm("Open this link in the browser?", link.question, yes="Open", no="Stay")
        else:
            words = f"{link.question}\n\nNo desktop is here to open it on."
            dialog = Confirm("Copy this link?", words, yes="Copy", no="Stay")
        self.app.push_screen(dialog, lambda sure: self._follow(link, tuple(command)) if sure else None)

    def _follow(self, link: Link, command: tuple[str, ...]) -> None:
        if command:
            self.run_command(partial(open_link, link, command), group="links")
        else:
            self.copy(link.url, "link")


def addressed(conversation: Conversation, turn: Turn) -> str:
    """A question as it must be sent to reach the agent that answered it."""
    if turn.key.agent_id == conversation.agent_id:
        return turn.text
    return f"@{turn.key.agent_id} {turn.text}"


def _title_of(conversation: Conversation) -> str:
    return clean_line(conversation.info.title or conversation.agent_id)


def _plain_text(document: TranscriptDocument, stop: Stop) -> str:
    start, end = stop.span(document.order(stop.entry))
    return document.text_between((start, 0), (end, 0))

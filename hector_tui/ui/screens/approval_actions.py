"""What a person does with a tool call that waits for them."""

from __future__ import annotations

from functools import partial

from textual import on

from hector_tui.domain.approvals import ApprovalRequest, Decision
from hector_tui.ui.screens.dialogs import AskText
from hector_tui.ui.screens.session_actions import SessionActions
from hector_tui.ui.widgets.approval_bar import ApprovalBar

_REASON_CHARACTERS = 500


class ApprovalActions(SessionActions):
    """Going to the bar above the prompt, and what is decided there."""

    def action_decide_approval(self) -> None:
        """Go to the tool call that waits here, or tell where one waits."""
        bar = self.query_one("#approval", ApprovalBar)
        if bar.request is not None:
            bar.focus()
            return
        for conversation in self.desk.workspace:
            if self.desk.activity(conversation.info.session_id).approvals:
                self.switch_to(conversation)
                return
        self.tell("No tool call waits for a decision.")

    @on(ApprovalBar.Decided)
    def _approval_decided(self, message: ApprovalBar.Decided) -> None:
        self.decide(message.request, message.decision)

    @on(ApprovalBar.ReasonWanted)
    def _approval_reason_wanted(self, message: ApprovalBar.ReasonWanted) -> None:
        self.ask_reason(message.request)

    def decide(self, request: ApprovalRequest, decision: Decision) -> None:
        """Tell the engine what was decided."""
        self.run_command(partial(self.desk.decide, request, decision), group="approval")

    def ask_reason(self, request: ApprovalRequest) -> None:
        """Refuse, with words for the model; who leaves the question has decided nothing."""

        def answered(reason: str | None) -> None:
            if reason:
                self.decide(request, Decision(allowed=False, reason=reason))

        dialog = AskText("Why not?", hint="what the agent should do instead", max_chars=_REASON_CHARACTERS)
        self.app.push_screen(dialog, answered)

    def action_ask_again(self) -> None:
        """Let the tools that were allowed for this session ask again."""
        conversation = self.active
        if conversation is None:
            return

        async def ask_again() -> None:
            count = await self.desk.ask_again(conversation)
            self.tell(
                f"{count} {'tool asks' if count == 1 else 'tools ask'} again before each call."
                if count
                else "No tool was allowed for this session."
            )

        self.run_command(ask_again)

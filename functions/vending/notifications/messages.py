"""The words in which people are notified of what this system announces.

Pure. Each announcement that concerns people becomes a mail's subject and text, and a message of
Amazon Q Developer in chat applications. An email address is in none of them: records have none, and
errors show it masked.

Source pages: Amazon SNS API reference, Publish (a subject has at most 100 ASCII characters and no
line breaks); Amazon Q Developer in chat applications administrator guide, "Custom notifications".
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from vending.aws import event_publisher
from vending.errors.exceptions import RejectedByApprover
from vending.frozen import frozen
from vending.ledger.approval_records import Outcome, asked_words, missing
from vending.reconciliation.drift_words import sentence
from vending.request.request_ids import namespace_of
from vending.states import State

_SUBJECT_MAX = 100
_VALUE_MAX = 2_000
"""Characters of one value: a message stays far below SNS's 256 kB."""

REQUESTER = "requester"
"""The attribute of a mail's message by which a subscription has one requester's alone."""

Fact = tuple[str, str]


@frozen
class Message:
    """What is said of one announcement.

    Attributes:
        title: a mail's subject and a chat message's title, in one line.
        what: what happened, a sentence.
        facts: names and values.
        next_steps: what somebody has to do now.
        thread: what belongs together in a chat: the request's or account's id.
        requester: whose request it is about, by the name in the request policy; empty: nobody's.
    """

    title: str
    what: str
    facts: Sequence[Fact]
    next_steps: Sequence[str] = ()
    thread: str = ""
    requester: str = ""

    @property
    def subject(self) -> str:
        """The title as SNS takes it: ASCII, in one line, at most 100 characters."""
        plain = unicodedata.normalize("NFKD", self.title).encode("ascii", "ignore").decode()
        plain = " ".join(plain.split())
        return plain if len(plain) <= _SUBJECT_MAX else f"{plain[: _SUBJECT_MAX - 3]}..."

    @property
    def text(self) -> str:
        """A mail's text."""
        width = max((len(name) for name, _ in self.facts), default=0) + 1
        parts = [
            self.what,
            "\n".join(f"{f'{name}:':<{width}} {value}" for name, value in self.facts),
            "\n".join(f"What to do: {step}" for step in self.next_steps),
        ]
        return "\n\n".join(filter(None, parts)) + "\n"

    def as_chat(self, *, event_type: str) -> dict[str, Any]:
        """A custom notification of Amazon Q Developer in chat applications."""
        lines = [self.what, *(f"*{name}:* {value}" for name, value in self.facts)]
        content = {
            "textType": "client-markdown",
            "title": self.title,
            "description": "\n".join(lines),
        }
        if self.next_steps:
            content["nextSteps"] = list(self.next_steps)  # type: ignore[assignment]
        return {
            "version": "1.0",
            "source": "custom",
            "content": content,
            "metadata": {"threadId": self.thread, "summary": self.title, "eventType": event_type},
        }


def message_of(detail_type: str, record: Mapping[str, Any]) -> Message | None:
    """The message about an announcement; None where it does not concern people.

    Args:
        detail_type: the event's.
        record: its detail, as `event_publisher` makes it.
    """
    write = _WRITERS.get((detail_type, record.get("state"))) or _WRITERS.get((detail_type, None))
    return write(record) if write is not None else None


def _requested(record: Mapping[str, Any]) -> Message | None:
    approval = record.get("approval") or {}
    if approval.get("outcome") == Outcome.APPROVED:
        return _of_request(record, "approved", f"{_account(record)} is approved and goes on.")
    if approval:
        return None  # what follows at once says it, and who decides
    return _of_request(record, "requested", f"{_account(record)} was requested.")


def _invited(record: Mapping[str, Any]) -> Message:
    steps = [_cut(step) for step in record.get("nextSteps") or ()]
    what = f"{_account(record)} is invited to the organization; its owner has to accept."
    return _of_request(record, "invited", what, steps)


def _awaiting_code(record: Mapping[str, Any]) -> Message:
    step = f"`vend confirm {_cut(record.get('requestId'))} CODE` gives the code."
    what = f"{_account(record)} gets another email: AWS has sent a code to that address."
    return _of_request(record, "awaiting a code", what, [step])


def _awaiting_approval(record: Mapping[str, Any]) -> Message:
    approval = record["approval"]
    step = _how_to_decide(approval, _cut(record.get("requestId")))
    what = f"{_account(record)} was requested and {asked_words(missing(approval))}."
    return _of_request(record, "awaiting approval", what, [step])


def _how_to_decide(approval: Mapping[str, Any], of: str) -> str:
    by, until = " or ".join(approval["by"]), approval["expiresAt"]
    return (
        f"{by}: decide until {until}, with `vend approve {of}`, `vend reject {of} --reason TEXT`, "
        "or by the API."
    )


def _drifted(record: Mapping[str, Any]) -> Message:
    account_id = _cut(record.get("accountId"))
    # Values are left out: that of a tag may be an email address.
    named = [
        {key: value for key, value in one.items() if key in ("what", "name", "how")}
        for one in record.get("new") or ()
    ]
    facts = [
        ("Account", account_id),
        ("Request", _cut(record.get("requestId"))),
        ("Differences", _cut("; ".join(map(sentence, named)))),
    ]
    if record.get("repair"):
        step = "Nothing: what the request asked for is being put back."
    else:
        step = "Submit the request with what it is to have, or undo the change in AWS."
    what = f"{_account(record)} is no longer as it was requested."
    return _message(record, "changed by others", what, facts, [step], thread=account_id)


def _vended(record: Mapping[str, Any]) -> Message:
    return _of_request(record, "vended", f"{_account(record)} is ready.")


def _changed(record: Mapping[str, Any]) -> Message:
    return _of_request(record, "changed", f"{_account(record)} was changed as requested.")


def _failed(record: Mapping[str, Any]) -> Message:
    return _of_request(record, "failed", f"{_account(record)} was not vended.", _remedy(record))


def _rejected(record: Mapping[str, Any]) -> Message:
    if (record.get("error") or {}).get("code") == RejectedByApprover.__name__:
        what = f"{_account(record)} was not approved; nothing was done."
        return _of_request(record, "not approved", what, _remedy(record))
    what = f"The request for {_account(record, first=False)} was rejected; nothing was done."
    return _of_request(record, "rejected", what, _remedy(record))


def _retiring(record: Mapping[str, Any]) -> Message:
    account_id = record.get("accountId")
    step = f"Until then, `vend restore {account_id}` puts it back as it was."
    what = f"{_account(record)} is suspended and closes at {_cut(record.get('closesAt'))}."
    return _of_account(record, "retiring", what, [step])


def _retirement_awaits(record: Mapping[str, Any]) -> Message:
    approval, account_id = record["approval"], _cut(record.get("accountId"))
    step = _how_to_decide(approval, account_id)
    what = f"{_account(record)} is to be retired, which {asked_words(missing(approval))}."
    return _of_account(record, "retirement awaiting approval", what, [step])


def _decision_refused(record: Mapping[str, Any]) -> Message:
    request_id, account_id = _cut(record.get("requestId")), _cut(record.get("accountId"))
    sender = record.get("sender") or {}
    if account_id:
        of = f"A decision on the retirement of the account {account_id}"
    else:
        of = f"A decision on the request {request_id}" if request_id else "An unreadable decision"
    facts = [
        ("Request", request_id),
        ("Account", account_id),
        ("Decision", _cut(record.get("decision"))),
        ("Sent by", f"{_cut(sender.get('source'))} of {_cut(sender.get('account'))}"),
        *_of_error(record),
    ]
    return _message(
        record,
        "decision refused",
        f"{of} was refused; it changed nothing.",
        facts,
        _remedy(record),
        thread=request_id or account_id or _cut(sender.get("eventId")),
    )


def _restored(record: Mapping[str, Any]) -> Message:
    return _of_account(record, "restored", f"{_account(record)} is back where it was.")


def _closed(record: Mapping[str, Any]) -> Message:
    what = f"{_account(record)} is closed. AWS keeps it for 90 days."
    return _of_account(record, "closed", what)


def _retirement_failed(record: Mapping[str, Any]) -> Message:
    verb = "restored" if record.get("action") == "restore" else "retired"
    what = f"{_account(record)} could not be {verb}."
    return _of_account(record, f"not {verb}", what, _remedy(record))


def _of_request(
    record: Mapping[str, Any], how: str, what: str, next_steps: Sequence[str] = ()
) -> Message:
    request_id = _cut(record.get("requestId"))
    facts = [
        ("Request", request_id),
        ("Requested by", _requester(record)),
        ("Account", _cut(record.get("accountId"))),
        ("Decided", _cut("; ".join(_decisions(record)))),
        ("Warnings", _cut(" ".join(record.get("warnings") or ()))),
        *_of_error(record),
    ]
    return _message(record, how, what, facts, next_steps, thread=request_id)


def _of_account(
    record: Mapping[str, Any], how: str, what: str, next_steps: Sequence[str] = ()
) -> Message:
    account_id = _cut(record.get("accountId"))
    facts = [
        ("Account", account_id),
        ("Reason", _cut(record.get("reason"))),
        ("Requested by", _requester(record)),
        ("Decided", _cut("; ".join(_decisions(record)))),
        *_of_error(record),
    ]
    return _message(record, how, what, facts, next_steps, thread=account_id)


def _message(
    record: Mapping[str, Any],
    how: str,
    what: str,
    facts: Sequence[Fact],
    next_steps: Sequence[str],
    *,
    thread: str,
) -> Message:
    name = record.get("accountName") or record.get("accountId") or record.get("requestId") or "-"
    return Message(
        title=f"Account {how}: {_cut(name)}",
        what=what,
        facts=[(key, value) for key, value in facts if value],
        next_steps=next_steps,
        thread=thread,
        requester=_owner(record),
    )


def _owner(record: Mapping[str, Any]) -> str:
    request_id = record.get("requestId")
    named = (record.get("sender") or {}).get("requester")
    return _cut(named or (namespace_of(request_id) if request_id else None))


def _account(record: Mapping[str, Any], *, first: bool = True) -> str:
    """The account as a sentence names it; `first` where the sentence begins with it."""
    article = "The" if first else "the"
    name, account_id = _cut(record.get("accountName")), _cut(record.get("accountId"))
    if name and account_id:
        return f'{article} account "{name}" ({account_id})'
    return f'{article} account "{name}"' if name else f"{article} account {account_id}".rstrip()


def _requester(record: Mapping[str, Any]) -> str:
    """Who the sender is, and whom the request names."""
    sender = _cut((record.get("sender") or {}).get("requester"))
    named = _cut(record.get("requestedBy"))
    return f"{named} ({sender})" if named and sender else named or sender


def _decisions(record: Mapping[str, Any]) -> list[str]:
    """Who decided what, and why."""
    return [
        f"{one['decision'].lower()} by {one['by']}"
        + (f" ({one['reason']})" if one.get("reason") else "")
        for one in (record.get("approval") or {}).get("decisions", ())
    ]


def _of_error(record: Mapping[str, Any]) -> list[Fact]:
    error = record.get("error") or {}
    code = "/".join(_cut(error[key]) for key in ("code", "reason") if error.get(key))
    return [("Error", code), ("Message", _cut(error.get("message")))]


def _remedy(record: Mapping[str, Any]) -> list[str]:
    remedy = _cut((record.get("error") or {}).get("remedy"))
    return [remedy] if remedy else []


def _cut(value: Any) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= _VALUE_MAX else f"{text[:_VALUE_MAX]}…"


_WRITERS: Mapping[tuple[str, str | None], Callable[[Mapping[str, Any]], Message | None]] = {
    (event_publisher.STATE_CHANGED, State.REQUESTED): _requested,
    (event_publisher.STATE_CHANGED, State.AWAITING_APPROVAL): _awaiting_approval,
    (event_publisher.STATE_CHANGED, State.INVITED): _invited,
    (event_publisher.STATE_CHANGED, State.AWAITING_CODE): _awaiting_code,
    (event_publisher.OUTCOMES[State.VENDED], None): _vended,
    (event_publisher.CHANGED, None): _changed,
    (event_publisher.OUTCOMES[State.FAILED], State.REJECTED): _rejected,
    (event_publisher.OUTCOMES[State.FAILED], None): _failed,
    (event_publisher.DRIFTED, None): _drifted,
    (event_publisher.RETIREMENT_AWAITS_APPROVAL, None): _retirement_awaits,
    (event_publisher.DECISION_REFUSED, None): _decision_refused,
    (event_publisher.RETIRING, None): _retiring,
    (event_publisher.RESTORED, None): _restored,
    (event_publisher.CLOSED, None): _closed,
    (event_publisher.RETIREMENT_FAILED, None): _retirement_failed,
}
"""By the event's detail-type and, where it is not None, its record's state."""

NOTIFIED: Mapping[str, Sequence[str]] = {
    detail_type: [state for named, state in _WRITERS if named == detail_type and state is not None]
    if (detail_type, None) not in _WRITERS
    else ()
    for detail_type, _ in _WRITERS
}
"""The detail-types that people are notified of; where it has states, of these alone."""

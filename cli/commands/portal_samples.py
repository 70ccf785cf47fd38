"""Sample requests for `vend local --portal --samples`: every state that lasts, and accounts that
were changed, that differ from their documents, and that are retired.
"""

from __future__ import annotations

import contextlib
import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vending.authorization.sender import API_SOURCE
from vending.states import State

if TYPE_CHECKING:
    from embedded.cloud import EmbeddedAws

_UNIT, _RESTRICTED = "/Workloads/Sandbox", "/Workloads/Restricted"
_PATIENCE_SECONDS = 60
_LOOK_SECONDS = 0.3
_SLOW_SECONDS = 3_600

Json = dict[str, Any]


class Refused(Exception):
    """A route refused; the message has what it answered."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """The API as one of the embedded AWS's people calls it."""

    url: str
    token: str

    @classmethod
    def of(cls, aws: EmbeddedAws, subject: str) -> Caller:
        """Of the person of this name."""
        from embedded.people import issuer  # noqa: PLC0415 -- not installed everywhere

        (person,) = (one for one in issuer.PEOPLE if one.subject == subject)
        client_id = json.loads(aws.outputs["PortalSignIn"])["clientId"]
        token = issuer.current().token(person, client_id, aws.clock.now())
        return cls(url=aws.outputs["ApiEndpoint"], token=token)

    def __call__(self, route: str, body: Json | None = None) -> Json:
        """What the route answers; Refused where it refuses."""
        method, _, path = route.partition(" ")
        request = urllib.request.Request(  # noqa: S310 -- of the embedded AWS
            f"{self.url}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"authorization": f"Bearer {self.token}", "content-type": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request) as answer:
                document: Json = json.load(answer)
        except urllib.error.HTTPError as refused:
            raise Refused(f"{route}: {refused.read().decode()}") from None
        return document


def send(aws: EmbeddedAws) -> None:
    """Send them, and come back once those that end at once have ended.

    The fifth account fails as if the organization had no room, and can be resumed; the sixth takes
    an hour. Both wait for their slots after this.
    """
    aws.faults.replace(
        [
            {"createAccount": {"calls": [5], "failureReason": "ACCOUNT_LIMIT_EXCEEDED"}},
            {"createAccount": {"calls": [6], "seconds": _SLOW_SECONDS}},
        ]
    )
    dana, robin = Caller.of(aws, "dana"), Caller.of(aws, "robin")
    archive = {**asked_for("Archive"), "organizationalUnit": _RESTRICTED}
    asked = [asked_for("Sandbox"), asked_for("Team A"), asked_for("Old project"), archive]
    started = [dana("POST /requests", request) for request in asked]
    approved(robin, started[-1]["requestId"])
    vended = [ended(dana, one["requestId"]) for one in started]
    for name in ("Data lake", "Analytics", "Next in line"):
        dana("POST /requests", asked_for(name))
    dana("POST /requests", {**asked_for("Payroll"), "organizationalUnit": _RESTRICTED})
    sandbox, team, old, kept = (one["accountId"] for one in vended)
    dana(f"POST /accounts/{old}/retire", {"reason": "The project is over."})
    dana(f"POST /accounts/{kept}/retire", {"reason": "Nobody reads it any more."})
    dana(
        f"PUT /accounts/{team}", {**asked[1], "account": _account("Team A", "aws+new@example.com")}
    )
    changed = {**asked[0], "tags": {"cost-center": "1234", "owner": "dana@example.com"}}
    ended(dana, dana(f"PUT /accounts/{sandbox}", changed)["requestId"], revision=2)
    for source, account in (
        ("invited", {"email": "standalone@example.com"}),
        # Is in no unit that developers may touch.
        ("existing", {"accountId": aws.outputs["StateMachineArn"].split(":")[4]}),
    ):
        request = {"source": source, "account": account, "organizationalUnit": _UNIT}
        dana("POST /requests", request)
    _send_late(aws, sandbox)
    drift(aws, sandbox)


def asked_for(name: str) -> Json:
    """The request for a new account of this name."""
    address = f"aws+{name.lower().replace(' ', '-')}@example.com"
    return {
        "account": _account(name, address),
        "organizationalUnit": _UNIT,
        "tags": {"cost-center": "1234"},
        "serviceAccess": ["account.amazonaws.com"],
    }


def _account(name: str, email: str) -> Json:
    return {"name": name, "email": email}


def ended(caller: Caller, request_id: str, revision: int = 1) -> Json:
    """The request once it is vended in this revision; RuntimeError where it ends otherwise."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    found: Json = {}
    while time.monotonic() < deadline:
        with contextlib.suppress(Refused):  # it shows a moment later
            found = caller(f"GET /requests/{request_id}")
        if found.get("state") == State.VENDED and found["revision"] >= revision:
            return found
        time.sleep(_LOOK_SECONDS)
    raise RuntimeError(f"the sample request {request_id} is {found.get('state')}")


def approved(caller: Caller, request_id: str) -> None:
    """Approve the request once it waits for that; Refused where it does not come to it."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            caller(f"POST /requests/{request_id}/approve")
        except Refused:
            if time.monotonic() > deadline:
                raise
            time.sleep(_LOOK_SECONDS)
        else:
            return


def _send_late(aws: EmbeddedAws, account_id: str) -> None:
    """Send what was asked of the account before it was changed, which changes nothing now."""
    event = {
        "detail-type": "AccountRequested",
        "account": aws.outputs["StateMachineArn"].split(":")[4],
        "source": API_SOURCE,
        "principal": "claim:developers",
        "id": "late",
        "time": "2026-01-01T00:00:00Z",
        "detail": {
            "requestId": "late",
            "source": "existing",
            "account": {"accountId": account_id},
            "organizationalUnit": _UNIT,
        },
    }
    aws.client("stepfunctions").start_execution(
        stateMachineArn=aws.outputs["StateMachineArn"], input=json.dumps(event)
    )


def drift(aws: EmbeddedAws, account_id: str) -> None:
    """Change a tag of the account by hand, and have it found."""
    tag = {"Key": "cost-center", "Value": "9999"}
    aws.client("organizations").tag_resource(ResourceId=account_id, Tags=[tag])
    awslambda = aws.client("lambda")
    (name,) = (
        one["FunctionName"]
        for one in awslambda.list_functions()["Functions"]
        if "DetectDrift" in one["FunctionName"]
    )
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        # An account that an execution is at work on is left for the next look.
        answer = awslambda.invoke(FunctionName=name, Payload=json.dumps({"now": True}))
        found = json.load(answer["Payload"]).get("drifted", [])
        if any(one["accountId"] == account_id for one in found):
            return
        if time.monotonic() > deadline:
            raise RuntimeError(f"the sample account {account_id} is not found to differ")
        time.sleep(_LOOK_SECONDS)

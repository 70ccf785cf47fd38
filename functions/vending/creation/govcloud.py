"""What is left to do in GovCloud once AWS has made a pair of accounts, as commands to run there.

No role trust and no credentials cross partitions, so this system cannot do it itself. AWS GovCloud
(US) User Guide, "AWS Organizations": the new account stands alone; the GovCloud account that is
linked with the commercial management account may assume its role, and the organization in GovCloud
invites it.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping

from vending.request.validators import REQUEST_ID_TAG

REGION = "us-gov-west-1"
PARTITION = "aws-us-gov"
_UNKNOWN = "GOVCLOUD_ACCOUNT_ID"


def next_steps(
    request_id: str,
    *,
    account_id: str,
    gov_cloud_account_id: str | None,
    role_name: str,
    tags: Mapping[str, str],
    organizational_unit: str | None,
) -> list[str]:
    """The steps in their order, each `what, and with whose credentials: command`.

    Where AWS did not return the GovCloud account's id, the first step finds it. What the request
    wants of the commercial account's tags and place is wanted of its twin's, too.
    """
    account = gov_cloud_account_id or _UNKNOWN
    role = f"arn:{PARTITION}:iam::{account}:role/{role_name}"
    manager = "With credentials of the management account of the organization in GovCloud"
    steps = [
        _step(
            f"{manager}, invite the account {account}",
            f"organizations invite-account-to-organization --target Id={account},Type=ACCOUNT"
            f" --notes 'Account vending request {request_id}'",
        ),
        _step(
            "With credentials of the GovCloud account that is linked with the commercial "
            "management account, assume the new account's role",
            f"sts assume-role --role-arn {role} --role-session-name account-vending",
        ),
        _step(
            "With credentials of that role, accept the invitation, whose Handshake.Id takes the "
            "place of HANDSHAKE_ID",
            "organizations accept-handshake --handshake-id HANDSHAKE_ID",
        ),
        _step(
            f"{manager}, tag the account, because the request's tags are on the commercial account "
            f"{account_id} only",
            f"organizations tag-resource --resource-id {account}"
            f" --tags {_tags({**tags, REQUEST_ID_TAG: request_id})}",
        ),
    ]
    if organizational_unit not in (None, "/"):
        steps.append(
            _step(
                f"{manager}, move the account to {organizational_unit} of that organization, where "
                "it has such a unit: its id takes the place of UNIT_ID, and the root's, which "
                "`list-roots` shows, that of ROOT_ID",
                f"organizations move-account --account-id {account} --source-parent-id ROOT_ID"
                " --destination-parent-id UNIT_ID",
            )
        )
    if gov_cloud_account_id:
        return steps
    found = (
        "With credentials of the commercial management account, find the GovCloud account's id, "
        f"which takes the place of {_UNKNOWN}: aws organizations list-create-account-status "
        f"--states SUCCEEDED "
        f"--query \"CreateAccountStatuses[?AccountId=='{account_id}'].GovCloudAccountId\""
    )
    return [found, *steps]


def _tags(tags: Mapping[str, str]) -> str:
    """As JSON, because a comma or a space in a value would end it in the shorthand."""
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    return shlex.quote(json.dumps(listed, ensure_ascii=False))


def _step(what: str, command: str) -> str:
    return f"{what}: aws --region {REGION} {command}"

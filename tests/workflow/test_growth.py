"""What grows with every account is the user's data and nothing else."""

from __future__ import annotations

import collections
import gc
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from moto.core.base_backend import BackendDict
from moto.dynamodb.models import dynamodb_backends
from moto.organizations.models import organizations_backends
from moto.s3.models import s3_backends

from embedded import ACCOUNT_ID, REGION
from embedded.core.context import CallLog
from embedded.lambda_runtime import function_log
from embedded.moto_patches import dynamodb_tokens, sqs_queue_attributes, sts_session_ends
from embedded.organizations import directory
from embedded.stepfunctions import backend
from tests.builders import a_request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.workflow.vending import Vending

VENDS = 12
"""More than any of the bounds below, so that what has one of them no longer grows."""

ROUND = 8

KINDS = (list, dict, set, collections.deque)


def sizes() -> dict[int, tuple[Any, int]]:
    """Each list, dictionary and set of the process, and how long it is, by its identity.

    They are held, because another one may have the identity of one that has gone.
    """
    gc.collect()
    return {id(each): (each, len(each)) for each in gc.get_objects() if isinstance(each, KINDS)}


def of_the_user() -> Iterator[Any]:
    """What has an entry for every account or request because the user made so many of them."""
    organization: Any = organizations_backends[ACCOUNT_ID]["aws"]
    yield from (organization.accounts, organization.accounts._by_id, organization.creations)
    yield from (directory._BY_ID, directory._BY_EMAIL, organizations_backends.master_accounts)
    # An account's backend of each service that has something of it.
    yield from (each for each in gc.get_objects() if isinstance(each, BackendDict))
    # The audit trail: an object's version, and its tags.
    trail: Any = s3_backends[ACCOUNT_ID]["aws"]
    yield from (trail.tagger.tags, *(bucket.keys for bucket in trail.buckets.values()))
    for table in dynamodb_backends[ACCOUNT_ID][REGION].tables.values():
        yield from (table.items, *table.items.values())


@pytest.mark.slow
def test_only_the_users_data_grows_with_the_accounts_vended(
    vending: Vending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CallLog, "MOST", 40)
    monkeypatch.setattr(function_log, "MOST_EVENTS", 4)
    monkeypatch.setattr(backend, "MOST_EXECUTIONS", 4)
    monkeypatch.setattr(sqs_queue_attributes, "MOST_DELETED", 4)
    monkeypatch.setattr(sts_session_ends, "MOST_SESSIONS", 4)
    # AWS knows a token for ten minutes, in which more are vended here than on AWS.
    monkeypatch.setattr(dynamodb_tokens, "VALID_SECONDS", 1)

    def vend(count: int) -> None:
        for _ in range(count):
            ended = vending.run(a_request())
            assert ended.status == "SUCCEEDED", ended

    vend(VENDS)
    first = sizes()
    vend(ROUND)
    second = sizes()
    vend(ROUND)
    third = sizes()

    # What a thread was just working with may have grown since, but does so once.
    longer = {
        one
        for one in first.keys() & second.keys() & third.keys()
        if all(
            later[one][1] >= earlier[one][1] + ROUND * 3 // 4
            for earlier, later in pairwise((first, second, third))
        )
    }
    known = {id(each) for each in of_the_user()}
    grown = [
        f"{type(each)} of {size}, such as {list(each)[-1]!r}"
        for each, size in map(third.__getitem__, longer - known)
    ]
    assert longer & known, "nothing was seen to grow"
    assert grown == []

"""The creation queue in the ledger: slots reach those who wait, once, whatever breaks."""

from __future__ import annotations

import json
import random
import threading
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.functions.payloads import (
    REQUEST_ID,
    a_request,
    accepted,
    create,
    describe,
    reserve,
    waiting,
)
from tests.unit.functions.world import EXECUTION, World
from vending.errors.exceptions import (
    ConcurrentModification,
    CreationRefusedForNow,
    ExecutionSuperseded,
    ServiceUnavailable,
    SlotNeeded,
    TaskTokenRefused,
    Throttled,
)
from vending.ledger.keys import CREATION_QUEUE
from vending.ledger.ledger import Ledger
from vending.ledger.table import Put, Table
from vending.queueing.queue import Lease, Queue, Quota
from vending.queueing.slots import Slots

PLACES = 5


def answer_of(world: World, token: str) -> Any:
    """What the execution that waits under the token was sent."""
    return world.organization.tokens[token]


def hold_all_places(world: World, queue: tuple[str, ...] = ()) -> None:
    """Others, h0 and so on, have every lease."""
    slots = world.slots()
    leases = {f"h{n}": Lease(start_at=world.now, until=world.now + 900) for n in range(PLACES)}
    version, _ = slots.read()
    slots._write(Queue(leases=leases, waiting=queue, tat=world.now), version)


@pytest.mark.parametrize("queue", [(), ("first",), ("first", "platform.second")])
def test_those_who_wait_are_read_as_they_were_written(world: World, queue: tuple[str, ...]) -> None:
    hold_all_places(world, queue=queue)

    assert world.queue.waiting == queue


def test_those_who_wait_are_read_from_an_item_of_an_earlier_version(world: World) -> None:
    hold_all_places(world)
    item = world.ledger.table.get(CREATION_QUEUE, consistent=True)
    assert item is not None
    del item["waiting"]
    world.ledger.table.put(Put(item={**item, "queue": ["first", "second"]}))

    assert world.queue.waiting == ("first", "second")


def test_reserve_creation_sends_the_slot_at_once_where_there_is_room(world: World) -> None:
    accepted(world)

    token = reserve(world)

    assert answer_of(world, token) == {"startAt": "2027-01-15T08:00:00.000Z", "waitSeconds": 0}
    row = world.row(REQUEST_ID)
    assert row["state"] == "QUEUED"
    assert world.token(REQUEST_ID) == token
    assert token not in str(row)
    assert [record["state"] for _, record in world.announced()] == ["QUEUED"]


def test_slot_that_its_own_function_may_not_report_goes_by_the_error(world: World) -> None:
    accepted(world)
    world.organization.refuse("SendTaskSuccess", "TaskDoesNotExist")

    with pytest.raises(TaskTokenRefused) as refused:
        reserve(world)

    assert refused.value.output == {"startAt": "2027-01-15T08:00:00.000Z", "waitSeconds": 0}
    assert json.loads(str(refused.value))["output"] == refused.value.output
    assert world.queue.leases[REQUEST_ID].notifier is None


def test_slot_of_an_execution_that_was_stopped_at_the_queue_is_left_to_others(world: World) -> None:
    accepted(world)
    world.organization.executions[EXECUTION] = "ABORTED"
    world.organization.refuse("SendTaskSuccess", "TaskTimedOut")

    reserve(world)

    assert REQUEST_ID not in world.queue.leases


def test_slot_is_sent_again_to_whoever_was_still_being_queued(world: World) -> None:
    tokens = [waiting(world, number) for number in range(PLACES + 1)]
    world.organization.refuse("SendTaskSuccess", "TaskDoesNotExist")
    pauses: list[float] = []

    world.slots(sleep=pauses.append).release("other-0")

    assert answer_of(world, tokens[-1])["waitSeconds"] >= 0
    assert len(pauses) == 1
    assert world.queue.leases[f"other-{PLACES}"].notifier is None


def test_reserve_creation_never_shows_a_token(world: World) -> None:
    accepted(world)

    token = reserve(world)

    assert token not in str(world.announced())


def test_reserve_creation_hands_out_moments_and_then_queues(world: World) -> None:
    tokens = [waiting(world, number) for number in range(PLACES + 1)]

    waits = [answer_of(world, token) and answer_of(world, token)["waitSeconds"] for token in tokens]

    assert waits == [0, 0, 0, 10, 20, None]
    assert world.queue.waiting == ("other-5",)


def test_account_that_is_there_makes_room_for_the_next(world: World) -> None:
    accepted(world)
    reserve(world)
    creation_id = create(world)["createAccountRequestId"]
    tokens = [waiting(world, number) for number in range(PLACES)]
    world.organization.finish()
    world.later(100)

    describe(world, creation_id)

    assert answer_of(world, tokens[-1])["waitSeconds"] == 0
    assert REQUEST_ID not in world.queue.leases


def test_failure_makes_room_for_the_next(world: World) -> None:
    accepted(world)
    reserve(world)
    tokens = [waiting(world, number) for number in range(PLACES)]

    world.call(
        "RecordFailure",
        request=a_request(),
        executionArn=EXECUTION,
        error={"Error": "States.Timeout"},
    )

    assert answer_of(world, tokens[-1]) is not None
    assert REQUEST_ID not in world.queue.leases


def test_failure_while_aws_may_be_creating_keeps_the_lease_until_its_lease_ends(
    world: World,
) -> None:
    accepted(world)
    reserve(world)
    create(world)
    tokens = [waiting(world, number) for number in range(PLACES)]

    world.call(
        "RecordFailure",
        request=a_request(),
        executionArn=EXECUTION,
        error={"Error": "AccountCreationOverdue"},
    )
    assert answer_of(world, tokens[-1]) is None
    world.later(Quota().lease_seconds)
    again = reserve(world, "other-4")

    assert answer_of(world, again) is not None


def test_creation_that_goes_on_keeps_its_lease_though_nobody_looks(world: World) -> None:
    accepted(world)
    reserve(world)
    create(world)
    tokens = [waiting(world, number) for number in range(PLACES)]

    world.later(5 * 3600)
    reserve(world, "other-4")

    assert [answer_of(world, token) is not None for token in tokens] == [True] * (PLACES - 1) + [
        False
    ]
    assert REQUEST_ID in world.queue.leases


def test_lease_whose_release_was_lost_is_reclaimed(world: World) -> None:
    accepted(world)
    reserve(world)
    create(world)
    tokens = [waiting(world, number) for number in range(PLACES)]
    account_id = world.organization.finish()
    world.ledger.mark_account_created(REQUEST_ID, EXECUTION, account_id=str(account_id))

    world.later(Quota().lease_seconds)
    again = reserve(world, "other-4")

    assert answer_of(world, tokens[-1]) is None
    assert answer_of(world, again) is not None
    assert REQUEST_ID not in world.queue.leases


def test_creation_that_is_resumed_has_a_lease_again(world: World) -> None:
    accepted(world)
    creation = create(world)
    world.later(5 * 3600)
    world.slots().release(REQUEST_ID)

    resumed = create(world, slot=None)

    assert resumed == creation
    assert world.queue.leases[REQUEST_ID].until > world.now


def test_reserve_creation_run_again_keeps_its_lease_under_the_new_token(world: World) -> None:
    tokens = [waiting(world, number) for number in range(PLACES + 1)]

    first = reserve(world, "other-0")
    last = reserve(world, "other-5")

    assert answer_of(world, first)["waitSeconds"] == 0
    assert answer_of(world, last) is None
    assert len(world.queue.leases) == PLACES
    world.slots().release("other-1")
    assert answer_of(world, last) is not None
    assert answer_of(world, tokens[-1]) is None


def test_reserve_creation_of_a_superseded_execution_takes_no_lease(world: World) -> None:
    accepted(world)
    world.ledger._change(REQUEST_ID, EXECUTION, values={"executionArn": "another"})

    with pytest.raises(ExecutionSuperseded):
        reserve(world)

    assert world.queue == Queue()


def test_slot_of_an_execution_that_is_over_goes_to_the_next_at_no_cost(world: World) -> None:
    tokens = [waiting(world, number) for number in range(PLACES + 2)]
    del world.organization.tokens[tokens[PLACES]]
    world.organization.executions[EXECUTION] = "ABORTED"
    tat = world.queue.tat

    world.slots().release("other-0")

    assert answer_of(world, tokens[-1]) is not None
    assert f"other-{PLACES}" not in world.queue.leases
    assert world.queue.tat == tat + Quota().interval


def test_slot_of_a_request_whose_account_is_there_goes_to_the_next(world: World) -> None:
    accepted(world)
    creation_id = create(world)["createAccountRequestId"]
    world.organization.finish()
    describe(world, creation_id)
    hold_all_places(world)
    world.slots().enqueue(REQUEST_ID, task_token="late")
    token = waiting(world, 1)

    world.slots().release("h0")

    assert REQUEST_ID not in world.queue.leases
    assert answer_of(world, token) is not None


@pytest.mark.slow
def test_queue_that_is_full_keeps_nobody_from_leaving(world: World) -> None:
    hold_all_places(world, queue=tuple(f"{number:064}" for number in range(5_400)))
    before = world.queue.waiting
    accepted(world, a_request(requestId="z" * 64))

    reserve(world, "z" * 64)
    world.slots().release("h0")

    assert "z" * 64 not in world.queue.waiting
    assert len(world.queue.waiting) < len(before)


def test_slot_of_an_execution_that_does_not_show_yet_is_kept_for_it(world: World) -> None:
    tokens = [waiting(world, number) for number in range(PLACES + 1)]
    del world.organization.tokens[tokens[PLACES]]

    world.slots().release("other-0")

    assert f"other-{PLACES}" in world.queue.leases


def test_slot_of_an_execution_between_two_waits_is_kept_for_it(world: World) -> None:
    tokens = [waiting(world, number) for number in range(PLACES + 2)]
    world.organization.tokens[tokens[PLACES]] = "its wait ran out"
    world.organization.executions[EXECUTION] = "RUNNING"

    world.slots().release("other-0")

    assert answer_of(world, tokens[-1]) is None
    back = reserve(world, f"other-{PLACES}")
    assert answer_of(world, back) is not None


def test_slot_that_could_not_be_sent_is_sent_when_the_operation_is_run_again(
    world: World,
) -> None:
    tokens = [waiting(world, number) for number in range(PLACES + 1)]
    world.organization.refuse("SendTaskSuccess", "KmsThrottlingException")

    with pytest.raises(Throttled):
        world.slots().release("other-0")
    assert answer_of(world, tokens[-1]) is None
    world.slots().release("other-0")

    assert answer_of(world, tokens[-1]) is not None
    assert world.queue.leases[f"other-{PLACES}"].notifier is None


def test_slot_that_nobody_sent_is_sent_by_whoever_comes_next(world: World) -> None:
    tokens = [waiting(world, number) for number in range(PLACES + 1)]
    world.organization.refuse("SendTaskSuccess", "ServiceUnavailable", status=503)
    with pytest.raises(ServiceUnavailable):
        world.slots().release("other-0")

    world.later(120)
    world.slots().release("other-1")

    assert answer_of(world, tokens[-1]) is not None


def test_failing_to_send_one_slot_keeps_no_other_from_being_sent(world: World) -> None:
    tokens = [waiting(world, number) for number in range(PLACES + 2)]
    world.later(Quota().lease_seconds + 60)  # all leases are free now
    world.organization.refuse("SendTaskSuccess", "KmsThrottlingException")

    with pytest.raises(Throttled):
        world.slots().release("nobody")

    assert [answer_of(world, token) is not None for token in tokens[PLACES:]] == [False, True]


def test_young_creation_is_polled_without_a_look_at_the_queue(world: World) -> None:
    accepted(world)
    reserve(world)
    creation_id = create(world)["createAccountRequestId"]
    world.calls.clear()

    describe(world, creation_id)

    assert "gate#creation" not in str(world.calls)


def test_create_account_without_a_slot_asks_for_one_and_creates_nothing(world: World) -> None:
    accepted(world)

    with pytest.raises(SlotNeeded) as needed:
        create(world, slot=None)

    assert needed.value.remedy
    assert world.called("CreateAccount") == []
    assert "intent" not in world.row(REQUEST_ID)


def test_create_account_of_a_creation_that_is_known_needs_no_slot(world: World) -> None:
    accepted(world)
    created = create(world)

    assert create(world, slot=None) == created
    assert len(world.called("CreateAccount")) == 1


def test_create_account_refused_cools_the_queue_down_and_keeps_the_first_lease(
    world: World,
) -> None:
    accepted(world)
    reserve(world)
    later = waiting(world, 1)
    world.organization.refuse("CreateAccount", "TooManyRequestsException")

    with pytest.raises(CreationRefusedForNow):
        create(world)
    again = reserve(world)

    assert world.queue.cooldown_until == world.now + 10
    assert answer_of(world, again)["waitSeconds"] == 10
    assert answer_of(world, later)["waitSeconds"] == 0  # was sent before


def test_create_account_refused_is_refused_even_if_the_queue_cannot_be_notified(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted(world)
    reserve(world)
    world.organization.refuse("CreateAccount", "ConcurrentModificationException")

    def broken(self: Slots, request_id: str) -> None:
        raise Throttled(f"no queue for {request_id}")

    monkeypatch.setattr(Slots, "back_off", broken)

    with pytest.raises(CreationRefusedForNow):
        create(world)


def test_create_account_throttled_by_the_ledger_is_no_refusal_of_the_creation(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted(world)
    reserve(world)
    queue = world.queue

    def throttled(*_: object, **__: object) -> None:
        raise Throttled("The table is busy.")

    monkeypatch.setattr("vending.ledger.ledger.Ledger.record_intent", throttled)

    with pytest.raises(Throttled):
        create(world)
    assert world.queue == queue
    assert world.called("CreateAccount") == []


def test_create_account_that_adopts_gives_its_lease_back(world: World) -> None:
    accepted(world)
    reserve(world)
    world.ledger.mark_account_created(REQUEST_ID, EXECUTION, account_id="000000000042")

    assert create(world)["state"] == "SUCCEEDED"

    assert world.queue.leases == {}


def test_settings_of_the_quota_are_used(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREATIONS_IN_PROGRESS", "20")
    monkeypatch.setenv("CREATION_RATE_PER_SECOND", "1")
    monkeypatch.setenv("CREATION_BURST", "10")

    tokens = [waiting(world, number) for number in range(12)]

    assert [answer_of(world, token)["waitSeconds"] for token in tokens] == [*[0] * 10, 1, 2]


def test_queue_that_others_change_all_the_time_is_given_up_for_now(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Slots, "_write", lambda *_: False)

    with pytest.raises(ConcurrentModification):
        world.slots().enqueue("request-1", task_token="token")


def test_queue_reads_back_as_it_was_written(world: World) -> None:
    world.now += 0.123456789
    for number in range(PLACES + 2):
        waiting(world, number)
    _, queue = world.slots().read()
    world.slots().back_off("other-1")

    _, after = world.slots().read()

    assert after == queue.back_off("other-1", world.now, Quota())[0]


class OneItem:
    """DynamoDB for one item, with the time that it takes: enough for many writers at once."""

    class exceptions:  # noqa: N801 - as boto3's clients have it
        class ConditionalCheckFailedException(ClientError):
            """The item changed in the meantime."""

            def __init__(self) -> None:
                error = {"Error": {"Code": "ConditionalCheckFailedException", "Message": ""}}
                super().__init__(error, "PutItem")  # type: ignore[arg-type]

    def __init__(self) -> None:
        self.item: dict[str, Any] = {}
        self.writes = 0
        self._lock = threading.Lock()

    def get_item(self, **_: Any) -> dict[str, Any]:
        time.sleep(0.001)
        with self._lock:
            return {"Item": self.item} if self.item else {}

    def put_item(self, **given: Any) -> None:
        time.sleep(0.001)
        with self._lock:
            self.writes += 1
            read = given["ExpressionAttributeValues"][":v0"]
            if self.item and self.item["version"] != read:
                raise self.exceptions.ConditionalCheckFailedException
            self.item = given["Item"]


def test_three_hundred_who_come_at_once_all_get_into_the_queue_in_seconds(world: World) -> None:
    table = OneItem()
    client: Any = table
    ledger = Ledger(table=Table(client=client, name="t"))
    slots = world.slots(ledger=ledger, sleep=time.sleep)
    failures: list[Exception] = []

    def come(number: int) -> None:
        time.sleep(random.random() / 100)
        try:
            slots._written(lambda queue, at: queue.enqueue(f"r{number}", at, Quota())[0])
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=come, args=(number,)) for number in range(300)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    _, queue = slots.read()
    assert len(queue.leases) + len(queue.waiting) == 300
    assert time.monotonic() - began < 20
    assert table.writes < 300 * 12

"""What the embedded AWS keeps of its traffic has an end."""

from __future__ import annotations

from embedded.context import Call, CallLog


def test_the_call_log_keeps_the_latest_calls_and_no_more() -> None:
    log = CallLog()
    most = CallLog.MOST + CallLog.MOST // 10

    for number in range(3 * CallLog.MOST):
        log.append(Call(service="sts", operation="GetCallerIdentity", caller="a", at=number))
        assert len(log) <= most

    assert len(log) >= CallLog.MOST
    assert [call.at for call in log[-2:]] == [3 * CallLog.MOST - 2, 3 * CallLog.MOST - 1]
    assert log[0].at == 3 * CallLog.MOST - len(log)

"""Functions that events run, and the rules that run them."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.operation_function import OperationFunction
from infra.settings import Settings


def by_cloudtrail(source: str, event_names: Sequence[str]) -> events.EventPattern:
    """CloudTrail's events about what `source` did, by name in any case.

    Nothing else is matched: the identity has a different shape for roles, users, root users and
    AWS itself, and the outcome is read by the function, where it can be compared without case.
    """
    return events.EventPattern(
        source=[source],
        detail_type=["AWS Service Event via CloudTrail", "AWS API Call via CloudTrail"],
        detail={"eventName": [{"equals-ignore-case": each} for each in event_names]},
    )


class EventFunction(OperationFunction):
    """The function `id_` of the package `events`.

    What cannot be delivered to it for a day, and what it fails at three times, waits in the
    dead-letter queue.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        code: lambda_.Code,
        settings: Settings,
        dead_letter_queue: sqs.IQueue,
    ) -> None:
        super().__init__(
            scope,
            id_,
            package="events",
            code=code,
            settings=settings,
            dead_letter_queue=dead_letter_queue,
        )
        self._scope = scope
        self._dead_letter_queue = dead_letter_queue

    def run_on(
        self,
        pattern: events.EventPattern,
        *,
        rule: str,
        description: str,
        bus: events.IEventBus | None = None,
    ) -> None:
        """Run the function on every event of the pattern, by a rule of this construct id.

        `bus` is None for the default bus, on which AWS's own events are.
        """
        events.Rule(
            self._scope,
            rule,
            description=description,
            event_bus=bus,
            event_pattern=pattern,
            targets=[
                targets.LambdaFunction(
                    self.function,
                    dead_letter_queue=self._dead_letter_queue,
                    max_event_age=Duration.hours(24),
                    retry_attempts=185,
                )
            ],
        )

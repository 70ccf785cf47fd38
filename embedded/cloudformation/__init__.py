"""CloudFormation in the embedded AWS: a template deployed unchanged, or refused by name.

`template` checks and orders, `intrinsics` evaluates, `resources` holds one class per resource
type, `stack_resources` and `stack` apply them all or nothing, `api` puts that in moto's place.
"""

from __future__ import annotations


def install() -> None:
    """Make moto's CloudFormation create what this package says; safe to call twice."""
    # moto's modules are slow to import; nothing but a running embedded AWS needs them.
    from embedded.cloudformation import api  # noqa: PLC0415
    from embedded.moto_patches import (  # noqa: PLC0415
        dynamodb,
        log_queries,
        memory,
        s3_bucket_policies,
        sqs_queue_attributes,
    )

    api.install()
    # What templates ask of buckets, tables and queues, moto keeps only with these; what it keeps of
    # their traffic has an end.
    s3_bucket_policies.install()
    dynamodb.install()
    sqs_queue_attributes.install()
    log_queries.install()
    memory.install()

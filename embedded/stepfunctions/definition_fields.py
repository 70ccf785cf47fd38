"""The fields of the States Language: by type of state, and by query language.

Source: the States Language specification, "State Types" and "Query Languages".
"""

from __future__ import annotations

from typing import Final

JSONATA: Final = "JSONata"
JSONPATH: Final = "JSONPath"

_ANY = {"Type", "Comment", "QueryLanguage", "InputPath", "OutputPath", "Output"}
_GOES_ON = {"Next", "End", "Assign"}
_TRIED = {"Retry", "Catch", "ResultPath", "ResultSelector"}

STATE_FIELDS: Final[dict[str, frozenset[str]]] = {
    "Task": frozenset(
        _ANY
        | _GOES_ON
        | _TRIED
        | {"Resource", "Arguments", "Parameters", "Credentials"}
        | {"TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath"}
    ),
    "Parallel": frozenset(_ANY | _GOES_ON | _TRIED | {"Branches", "Arguments", "Parameters"}),
    "Map": frozenset(
        _ANY
        | _GOES_ON
        | _TRIED
        | {"ItemProcessor", "Iterator", "Items", "ItemsPath", "ItemSelector", "Parameters"}
        | {"ItemReader", "ItemBatcher", "ResultWriter", "Label"}
        | {"MaxConcurrency", "MaxConcurrencyPath"}
        | {"ToleratedFailureCount", "ToleratedFailureCountPath"}
        | {"ToleratedFailurePercentage", "ToleratedFailurePercentagePath"}
    ),
    "Pass": frozenset(_ANY | _GOES_ON | {"Result", "ResultPath", "Parameters"}),
    "Wait": frozenset(_ANY | _GOES_ON | {"Seconds", "SecondsPath", "Timestamp", "TimestampPath"}),
    "Choice": frozenset(_ANY | {"Choices", "Default", "Assign"}),
    "Succeed": frozenset(_ANY),
    "Fail": frozenset(
        {"Type", "Comment", "QueryLanguage", "Error", "ErrorPath", "Cause", "CausePath"}
    ),
}
"""By type, of both query languages."""

_JSONATA_ONLY = {"Arguments", "Output", "Items", "Condition"}
_JSONPATH_ONLY = {
    "InputPath",
    "OutputPath",
    "Parameters",
    "Result",
    "ResultPath",
    "ResultSelector",
    "ItemsPath",
    "Iterator",
    "TimeoutSecondsPath",
    "HeartbeatSecondsPath",
    "SecondsPath",
    "TimestampPath",
    "ErrorPath",
    "CausePath",
    "MaxConcurrencyPath",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentagePath",
}

MACHINE_FIELDS: Final = frozenset(
    {"Comment", "StartAt", "States", "TimeoutSeconds", "Version", "QueryLanguage"}
)
SCOPE_FIELDS: Final = frozenset({"Comment", "StartAt", "States"})
"""Of a branch."""
PROCESSOR_FIELDS: Final = SCOPE_FIELDS | {"ProcessorConfig"}
RETRIER_FIELDS: Final = frozenset(
    {
        "ErrorEquals",
        "IntervalSeconds",
        "MaxAttempts",
        "BackoffRate",
        "MaxDelaySeconds",
        "JitterStrategy",
        "Comment",
    }
)
CATCHER_FIELDS: Final = frozenset(
    {"ErrorEquals", "Next", "ResultPath", "Output", "Assign", "Comment"}
)
CHOICE_RULE_FIELDS: Final = frozenset({"Condition", "Next", "Output", "Assign", "Comment"})
"""Of a rule in JSONata; in JSONPath a rule has comparisons in the place of Condition."""
DISTRIBUTED_FIELDS: Final = frozenset({"ItemReader", "ItemBatcher", "ResultWriter", "Label"})
"""Of a Map whose item processor runs as executions of their own.

AWS takes the tolerated failures of other Maps too.
"""

_ORDERS = ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals")
OPERATORS: Final = frozenset(
    {
        f"{kind}{order}{path}"
        for kind in ("String", "Numeric", "Timestamp")
        for order in _ORDERS
        for path in ("", "Path")
    }
    | {"BooleanEquals", "BooleanEqualsPath", "StringMatches"}
    | {f"Is{kind}" for kind in ("Null", "Present", "Numeric", "String", "Boolean", "Timestamp")}
)
"""The comparisons of a choice rule in JSONPath."""


def of_language(field: str, language: str) -> bool:
    """Whether a field may stand in a state of the query language."""
    return field not in (_JSONPATH_ONLY if language == JSONATA else _JSONATA_ONLY)

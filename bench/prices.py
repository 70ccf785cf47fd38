"""What AWS asks for one vend: public on-demand prices in us-east-1.

Published on the pricing pages of AWS Step Functions (Standard workflows), AWS Lambda (arm64, first
tier), Amazon DynamoDB (on-demand, Standard table class) and Amazon EventBridge (custom events).
Free tiers, storage, logs, traces and metrics are left out; AWS Organizations itself is free.
"""

from __future__ import annotations

from dataclasses import dataclass

AS_OF = "2026-11"
"""When the prices were collected."""

PRICES = {
    "state transition": 0.025 / 1_000,
    "Lambda request": 0.20 / 1_000_000,
    "Lambda GB-second": 0.0000133334,
    "DynamoDB write unit": 0.625 / 1_000_000,
    "DynamoDB read unit": 0.125 / 1_000_000,
    "custom event": 1.00 / 1_000_000,
}
"""Dollars for one of each."""

WRITE_UNITS_OF_A_ROW = 3.0
"""Counted for every write, which is never too little: a ledger row of up to 1 KB is one unit, and
its index `byState` sorts by the moment of the last change, so that every change also deletes an
entry of the index and puts one: two more."""


@dataclass(frozen=True, kw_only=True)
class Use:
    """What was used of each thing that has a price."""

    transitions: int = 0
    lambda_runs: int = 0
    lambda_gb_seconds: float = 0.0
    write_units: float = 0.0
    read_units: float = 0.0
    events: int = 0

    def dollars(self) -> float:
        """Its price."""
        used = {
            "state transition": self.transitions,
            "Lambda request": self.lambda_runs,
            "Lambda GB-second": self.lambda_gb_seconds,
            "DynamoDB write unit": self.write_units,
            "DynamoDB read unit": self.read_units,
            "custom event": self.events,
        }
        return sum(PRICES[name] * amount for name, amount in used.items())

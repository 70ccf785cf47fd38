"""What an argument may be; a wrong one is named in the usage's error."""

from __future__ import annotations

import argparse
import math
from datetime import UTC, datetime

from vending.states import State

ACCOUNT_DIGITS = 12
ACCOUNT_STATES = ("ACTIVE", "RETIRING", "CLOSING", "CLOSED", "DEPARTED")
SHELLS = ("bash", "zsh", "fish", "tcsh")
DEFAULT_PORT, MAX_PORT = 5111, 65535


def count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError("must be a number, 0 or more")
    return int(text)


def at_least_one(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError("must be a number, 1 or more")
    return int(text)


def speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not (math.isfinite(speed) and speed > 0):
        raise argparse.ArgumentTypeError("must be a number above 0")
    return speed


def port(text: str) -> int:
    port = int(text) if text.isdecimal() else -1
    if not 0 <= port <= MAX_PORT:
        raise argparse.ArgumentTypeError(f"must be 0 to {MAX_PORT}")
    return port


def account(text: str) -> str:
    if not (len(text) == ACCOUNT_DIGITS and text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError("must be an account's id, which has 12 digits")
    return text


def moment(text: str) -> str:
    from vending.aws.clock import timestamp  # noqa: PLC0415

    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise argparse.ArgumentTypeError("must be a day or moment such as 2026-11-28") from None
    return timestamp((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def account_state(text: str) -> str:
    if text.upper() not in ACCOUNT_STATES:
        raise argparse.ArgumentTypeError(f"must be one of {', '.join(ACCOUNT_STATES)}")
    return text.upper()


def unit_path(text: str) -> str:
    from vending.request import ou_paths  # noqa: PLC0415

    try:
        ou_paths.split(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def state(text: str) -> str:
    if text.upper() not in set(State):
        raise argparse.ArgumentTypeError(f"must be one of {', '.join(State)}")
    return text.upper()

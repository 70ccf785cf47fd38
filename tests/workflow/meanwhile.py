"""What people do while executions run: in a thread of its own, until the block ends."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.workflow.vending import Vending


@contextlib.contextmanager
def meanwhile(does: Callable[[Vending, threading.Event], None], vending: Vending) -> Iterator[None]:
    """Run it; the event is set when the block ends."""
    ended = threading.Event()
    person = threading.Thread(target=does, args=(vending, ended), daemon=True)
    person.start()
    try:
        yield
    finally:
        ended.set()
        person.join()

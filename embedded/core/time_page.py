"""A page of memory by which other processes know the time: the pace at which it passes."""

from __future__ import annotations

import mmap
import os
import struct
import tempfile
import weakref

_FORMAT = struct.Struct("5d")


class TimePage:
    """A file of five doubles that readers map: a count, real and virtual epoch seconds at which the
    pace began, virtual seconds per real one, and the count again.

    The last one is written first: where a reader finds both counts the same, it has seen what
    belongs together.
    """

    def __init__(self) -> None:
        handle, self.path = tempfile.mkstemp(prefix="embedded-aws-time-")
        self.close = weakref.finalize(self, os.unlink, self.path)
        """Removes the file, at the latest with this object."""
        try:
            os.ftruncate(handle, _FORMAT.size)
            self._memory = mmap.mmap(handle, _FORMAT.size)
        finally:
            os.close(handle)
        self._count = 0.0

    def write(self, *, real: float, virtual: float, rate: float) -> None:
        """The pace from now on; by one thread at a time."""
        self._count += 1
        struct.pack_into("d", self._memory, 32, self._count)
        struct.pack_into("3d", self._memory, 8, real, virtual, rate)
        struct.pack_into("d", self._memory, 0, self._count)

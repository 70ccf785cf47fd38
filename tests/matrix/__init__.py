"""The fault matrix: every call of every source broken in every way, and what must hold then."""

"""The fault matrix: every call of every door broken in every way, and what must hold then."""

"""Whether a caller's policies allow a call."""

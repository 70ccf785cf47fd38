"""Having AWS create an account exactly once, one creation after another."""

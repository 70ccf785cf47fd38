"""The end of an account: suspended for a grace period, restored from it, or closed."""

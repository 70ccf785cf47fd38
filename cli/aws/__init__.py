"""The deployed stack and the environment that leads to it."""

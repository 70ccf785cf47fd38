"""The state machines' definitions, and what writes them out in full."""

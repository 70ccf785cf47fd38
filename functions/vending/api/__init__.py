"""The API: its routes, who calls, what callers see, and what they start."""

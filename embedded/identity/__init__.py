"""Sessions of roles and root users, and central root access."""

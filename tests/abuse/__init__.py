"""Attacks: what whoever holds a role, a requester's policy or another account cannot do."""

"""Repairing what was interrupted, and comparing the ledger with the organization."""

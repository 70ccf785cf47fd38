"""Queues for what AWS allows at a rate, a few at a time: creations of accounts, and closures."""

"""What the operations share: the request, the ledger, the errors, and the ways to reach AWS."""

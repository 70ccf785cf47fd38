"""What every part of the running embedded AWS shares: clock, faults, principals, service models."""

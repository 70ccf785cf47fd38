"""The `vend` command: requests in, records out; the same code against AWS and embedded."""

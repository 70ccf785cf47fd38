"""What is remembered: the table's rows, locks and caches, and what a row means for a request."""

"""Who may ask for what: the sender of a request, the request policy, and what it leaves open."""

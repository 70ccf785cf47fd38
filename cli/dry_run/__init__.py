"""What a request or an organization's document would change, found without changing any."""

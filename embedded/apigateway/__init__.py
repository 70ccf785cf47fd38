"""API Gateway: HTTP APIs, served on loopback, whose callers IAM authorizes."""

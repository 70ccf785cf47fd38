"""The ways to AWS: clients, time, logs, and the services that every operation uses."""

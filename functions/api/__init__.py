"""The function that serves the API, which API Gateway invokes."""

# Before any library: it makes their import cheaper.
from vending import startup  # noqa: F401

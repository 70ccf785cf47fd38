"""What events of AWS services start, by rules on a bus, and what CloudFormation invokes."""

# Before any library: it makes their import cheaper.
from vending import startup  # noqa: F401

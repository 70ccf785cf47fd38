"""What events of AWS services start, by rules on a bus, and what CloudFormation invokes."""

# Before any library: it says when Python looks for garbage.
import vending  # noqa: F401

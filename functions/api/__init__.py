"""The function that serves the API, which API Gateway invokes."""

# Before any library: it says when Python looks for garbage.
import vending  # noqa: F401

"""The function that serves the API, which API Gateway invokes."""

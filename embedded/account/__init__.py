"""AWS Account Management."""

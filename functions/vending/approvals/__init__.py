"""Deciding on requests that the request policy asks approvals for."""

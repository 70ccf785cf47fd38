"""What every Lambda handler shares: payloads, settings, and its collaborators."""

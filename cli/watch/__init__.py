"""What an execution of the workflow is doing, from its history."""

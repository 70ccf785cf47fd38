"""The stack's dashboard, read and drawn as CloudWatch would from what was measured."""

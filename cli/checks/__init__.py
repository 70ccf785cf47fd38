"""The checks of the doctor: of the stack, before a deployment, and on the first day."""

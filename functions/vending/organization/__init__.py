"""What the organization holds, and whether it allows what is asked for."""

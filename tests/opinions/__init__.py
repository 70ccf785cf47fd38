"""What tools that have nothing of ours in them say of this project.

docs/second-opinions.md tells who is asked what.
"""

"""What each command takes on its line; nothing that a command needs is imported here."""

"""What people read: the terminal, progress, records, results and failures."""

"""What people write: documents, their positions, and what is wrong with them."""

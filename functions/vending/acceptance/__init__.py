"""How a request becomes its execution's: its row, its locks, what else is written with them."""

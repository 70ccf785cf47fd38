"""What can go wrong: the exceptions, their catalogue, and AWS's errors translated into them."""

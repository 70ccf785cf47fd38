"""What is asked for: the request's model and its validation, all of it without calling AWS."""

"""Many accounts at once: what their files would change, and how it is carried out."""

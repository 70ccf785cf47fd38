"""What proves it: unit, workflow (the real definition on the embedded AWS) and infra tests."""

"""CloudFront: distributions, served on loopback, before buckets and HTTP APIs."""

"""Cases of LocalStack's test suites, recorded on AWS, compared with the embedded AWS."""

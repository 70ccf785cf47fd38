"""The page in a browser, on the embedded AWS; `make test-portal` installs what they need."""

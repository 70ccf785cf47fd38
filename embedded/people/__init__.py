"""The people of the embedded AWS, and the OIDC issuer at which they sign in."""

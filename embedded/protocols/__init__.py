"""AWS's protocols on the wire: which operation a request is, and errors in its protocol."""

"""What the operations share: the request, the ledger, the errors, and the ways to reach AWS."""

import gc

# What modules make while they are imported stays. Python looks for garbage among it after every 700
# objects, which is a tenth of a cold start; a function makes little of it later.
gc.set_threshold(150_000, 20, 20)

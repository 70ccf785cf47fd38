"""Guard rails: what other tools find in the template and the code, less what is suppressed here.

`python -m guards` is part of `make check`. Nothing that is deployed imports this package.
"""

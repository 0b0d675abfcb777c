"""From trained float points to exact local minima: proved by the kernel, near, and in the place that is named."""

from fractions import Fraction
from pathlib import Path

import pytest

import examples as table
from symverify import load, loads
from symverify.certify.certificate import Certificate
from symverify.kernel.model import coordinates, predictions, risk
from symverify.landscape import snap as module
from symverify.landscape.snap import snap
from symverify.run.snap import snapped_network, told

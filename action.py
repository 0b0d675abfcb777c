"""The action's program: it finds symverify beside itself, and nothing in the folder that it is run in."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from symverify.cli.action import main

if __name__ == "__main__":
    sys.exit(main())

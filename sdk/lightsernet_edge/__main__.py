"""``python -m lightsernet_edge``: the command line."""

import sys

from .cli import main

sys.exit(main())

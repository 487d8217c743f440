"""``python -m commissure`` is the command line."""

import sys

from commissure.faces.cli import main

sys.exit(main())

"""The site agent: what ``commissure federate join`` becomes, without the rest of a command line, to stay small.

Run: ``python -m commissure.faces.site_agent https://host:port --site FOLDER --table rows.csv``
"""

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from commissure.errors import CommissureError
from commissure.faces.problems import kind_of, message_of
from commissure.federate.wire import as_json
from commissure.workflows.join_study import SiteFolder, join_study, read_columns

__all__ = ["main"]


def main() -> int:
    """Take part in a study until it is done; the exit codes are those of ``commissure``."""
    parser = argparse.ArgumentParser(prog="commissure federate join")
    parser.add_argument("url")
    parser.add_argument("--site", type=Path, required=True)
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--proxy", default="")
    parser.add_argument("--json", action="store_true")
    said = parser.parse_args()
    try:
        result = join_study(
            said.url, SiteFolder(said.site, said.proxy), now=datetime.now(UTC), entropy=os.urandom,
            say=lambda text: print(text, file=sys.stderr, flush=True),  # noqa: T201
            table=lambda plan: read_columns(said.table, [column.name for column in plan.columns]),
        )  # fmt: skip
    except CommissureError as error:
        sys.stderr.write(f"commissure: {message_of(error)}\n")
        return kind_of(error).exit_code
    except KeyboardInterrupt:
        return 130
    sys.stdout.write((as_json(result) if said.json else f"The study is done: {', '.join(result)}.") + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

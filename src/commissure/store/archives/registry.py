"""The table of archives: one line a connector; third parties add theirs by the entry point ``commissure.connector``."""

from commissure.plugins import Registry
from commissure.store.archives.port import Connector

__all__ = ["CONNECTORS"]

_HERE = "commissure.store.archives"
CONNECTORS: Registry[Connector] = Registry(
    "connector",
    {
        "openneuro": f"{_HERE}.openneuro:connector",
        "dandi": f"{_HERE}.dandi:connector",
        "nemar": f"{_HERE}.rest:nemar",
        "neurobagel": f"{_HERE}.neurobagel:connector",
        "ebrains": f"{_HERE}.rest:ebrains",
        "neurovault": f"{_HERE}.rest:neurovault",
        "alyx": f"{_HERE}.rest:alyx",
        "zenodo": f"{_HERE}.rest:zenodo",
        "gin": f"{_HERE}.rest:gin",
    },
)

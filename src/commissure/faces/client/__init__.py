"""The client: a hub elsewhere, with the calls of the Python surface.

::

    import commissure as cm

    hub = cm.connect("https://hub.example.org", token="…")
    hub.search("mouse visual cortex")
    hub.get("ds-1a2b3c@0.1.0", into="here")
"""

from commissure.faces.client.remote import RemoteHub, connect

__all__ = ["RemoteHub", "connect"]

"""A strict local OCI Generative AI, for testing OCI code without OCI.

It verifies every signature, checks every request against the API's schema, answers in OCI's own
formats, and does on request what real services do on bad days. Any client can be pointed at it.
It shares no code with ocicat's client, so that the two cannot be wrong together.
"""

from __future__ import annotations

from ocicat.emulator.emulator import Emulator
from ocicat.emulator.home import Home
from ocicat.emulator.ledger import Ledger, Received
from ocicat.emulator.script import Behaviour, Rule
from ocicat.emulator.streams import StreamStyle

__all__ = ["Behaviour", "Emulator", "Home", "Ledger", "Received", "Rule", "StreamStyle"]

"""The emulator's identity plane: metadata service, log-ins, tokens and policies.

Begin with ``plane.py``, which is what tests control, and ``operations.py``, the list of paths.
Everything that has a key is made on first use, so an emulator that nobody logs in to pays nothing.
"""

from __future__ import annotations

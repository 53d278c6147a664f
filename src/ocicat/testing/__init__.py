"""What people use to test their own OCI code: the emulator, one call away.

::

    def test_weather(oci_emulator):                 # the pytest fixture, or ...
        oci_emulator.when("weather").answer("Sunny.")

    with ocicat.testing.emulator() as oci:          # ... the context manager
        oci.when("weather").answer("Sunny.")

Importing this module loads nothing heavy.
"""

from __future__ import annotations

from ocicat.testing.emulation import emulator

__all__ = ["emulator"]

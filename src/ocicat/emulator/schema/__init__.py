"""What the emulator accepts as a request: one file per surface.

These shapes are written from OCI's and OpenAI's own descriptions of their APIs, not from what
ocicat sends: the emulator is to notice when the client is wrong.
"""

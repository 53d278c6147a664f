"""The story of a call, told without I/O. Read ``exchange`` first."""

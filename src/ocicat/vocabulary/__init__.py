"""The words that all rooms share: chat shapes, and what flows say to their drivers."""

"""Where identities come from: one file per kind. Knows nothing of dialects or models."""

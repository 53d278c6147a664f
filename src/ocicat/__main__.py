"""``python -m ocicat`` is the ``ocicat`` command."""

from ocicat.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    main()

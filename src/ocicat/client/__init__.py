"""The Python faces: ``functions`` (``completion`` and kin), with ``settings`` behind them all."""

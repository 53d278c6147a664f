"""What is said: each wire format of OCI, both halves of it, as pure functions over plain values.

The client uses one half (encode a request, decode a reply), servers the other. A dialect knows
nothing of hosts, keys or connections. ``registry.dialect(name)`` gives one; ``dialect.py`` says
what each offers.
"""

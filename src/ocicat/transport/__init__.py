"""The only room that waits: drives flows over sockets, in threads (``sync``) and tasks (``aio``).

Holds connections and nothing else; knows no models and decides nothing: every decision is in the
flow that it drives.
"""

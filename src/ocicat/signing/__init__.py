"""Who says it: OCI's request signatures, made (``signer``) and checked (``verify``).

Arithmetic over bytes. Nothing here knows an HTTP library, a file or a clock; and the half that
checks shares no code with the half that makes, so that they cannot be wrong together.
"""

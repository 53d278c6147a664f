"""OpenAI's HTTP API, answered by way of ocicat's own calls, without sockets and HTTP libraries.

::

    chat/completions      any chat model of OCI           chats.py
    embeddings            any embedding model of OCI      embeddings.py
    models                what OCI lists                  models.py
    responses             any chat model of OCI           responses.py
    files, containers, conversations, vector_stores       handed to OCI as they are: handing_over.py

At a model deployment of Data Science only chats and responses are ocicat's own; all else is handed
to the deployment as it is.

Whoever has an HTTP request in hand (``httpx_transport.py``) makes an :class:`Asked` of it
(requests.py), and drives the flow that :func:`answer` (routes.py) gives.
"""

from __future__ import annotations

from ocicat.client.openai_api.requests import Asked, base_of
from ocicat.client.openai_api.routes import answer

__all__ = ["Asked", "answer", "base_of"]

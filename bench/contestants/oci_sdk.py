"""Oracle's ``oci`` SDK, ``GenerativeAiInferenceClient.chat``: native API, sync only.

A streamed reply of the SDK is a series of raw events; reading their JSON is left to the caller, so
it is done here, with the standard library.
"""

from __future__ import annotations

import json
from typing import Any

from bench.contestants.contract import Contestant, Settings, SyncClient

__all__ = ["CONTESTANTS"]


class _Sync:
    def __init__(self, settings: Settings) -> None:
        from oci.generative_ai_inference import GenerativeAiInferenceClient, models

        self._settings = settings
        self._models = models
        self._client = GenerativeAiInferenceClient(
            {
                "tenancy": settings.tenancy,
                "user": settings.user,
                "fingerprint": settings.fingerprint,
                "key_content": settings.key_pem,
                "region": settings.region,
            },
            service_endpoint=settings.base_url,
        )

    def _details(self, streaming: bool) -> Any:
        models = self._models
        kinds = {"system": models.SystemMessage, "user": models.UserMessage}
        messages = [
            kinds[message["role"]](content=[models.TextContent(text=message["content"])])
            for message in self._settings.messages
        ]
        return models.ChatDetails(
            compartment_id=self._settings.compartment,
            serving_mode=models.OnDemandServingMode(model_id=self._settings.model),
            chat_request=models.GenericChatRequest(messages=messages, is_stream=streaming),
        )

    def call(self) -> str:
        result = self._client.chat(self._details(False)).data
        text: str = result.chat_response.choices[0].message.content[0].text
        return text

    def stream(self) -> int:
        size = 0
        for event in self._client.chat(self._details(True)).data.events():
            if event.data != "[DONE]":
                for part in json.loads(event.data)["message"].get("content") or ():
                    size += len(part["text"])
        return size


def _open_sync(settings: Settings) -> SyncClient:
    return _Sync(settings)


_COLD_IMPORT = "from oci.generative_ai_inference import GenerativeAiInferenceClient, models\n"

_COLD_CALL = (
    _COLD_IMPORT
    + """\
client = GenerativeAiInferenceClient(
    {
        "tenancy": s["tenancy"], "user": s["user"], "fingerprint": s["fingerprint"],
        "key_content": s["key_pem"], "region": s["region"],
    },
    service_endpoint=s["base_url"],
)
kinds = {"system": models.SystemMessage, "user": models.UserMessage}
messages = [
    kinds[message["role"]](content=[models.TextContent(text=message["content"])])
    for message in s["messages"]
]
result = client.chat(
    models.ChatDetails(
        compartment_id=s["compartment"],
        serving_mode=models.OnDemandServingMode(model_id=s["model"]),
        chat_request=models.GenericChatRequest(messages=messages),
    )
).data
assert result.chat_response.choices[0].message.content[0].text == s["expected"]
"""
)


CONTESTANTS = [
    Contestant(
        key="oci",
        label="oci SDK",
        kind="peer",
        requires=("oci",),
        open_sync=_open_sync,
        cold_import=_COLD_IMPORT,
        cold_call=_COLD_CALL,
    )
]

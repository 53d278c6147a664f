"""Google's SDK on OCI, with OCI's identities: a chat, a stream and a tool.

Install:  pip install ocicat httpx2 google-genai
Run:      python examples/with_google_genai.py

The requests go to OCI's Google-compatible surface, which serves Google's models only, so only
ocicat's signatures are needed and not its translation. Any of the auth classes will do: this one
reads ``~/.oci/config``. ``REGION`` is where the models are called; ``OCICAT_API_BASE`` replaces the
whole address.
"""

import os

import httpx2
from google import genai
from google.genai import types

from ocicat import OciUserPrincipalAuth

MODEL = "google.gemini-2.5-flash"
REGION = "us-chicago-1"
ADDRESS = os.environ.get(
    "OCICAT_API_BASE", f"https://inference.generativeai.{REGION}.oci.oraclecloud.com"
)


def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"Sunny in {city}."


def main() -> None:
    client = genai.Client(
        api_key="unused",  # the SDK wants one; the signature takes its place
        http_options=types.HttpOptions(
            base_url=f"{ADDRESS}/google",
            api_version="v1beta",
            httpx_client=httpx2.Client(auth=OciUserPrincipalAuth()),
        ),
    )

    reply = client.models.generate_content(model=MODEL, contents="What is a compartment?")
    print(reply.text)

    for chunk in client.models.generate_content_stream(model=MODEL, contents="And a tenancy?"):
        print(chunk.text or "", end="", flush=True)
    print()

    # The SDK calls the function by itself and sends its result back.
    chat = client.chats.create(model=MODEL, config=types.GenerateContentConfig(tools=[get_weather]))
    print(chat.send_message("How is the weather in Oslo? Use get_weather.").text)


if __name__ == "__main__":
    main()

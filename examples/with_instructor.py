"""Instructor on OCI: typed answers from any model, whole and as they grow.

Install:  pip install "ocicat[openai]" instructor
Run:      python examples/with_instructor.py

Instructor is given ocicat's client. Credentials, region and compartment come from ``~/.oci/config``
and the environment, or are given to the client as arguments.
"""

import instructor
from pydantic import BaseModel

from ocicat import OciOpenAI

MODEL = "meta.llama-3.3-70b-instruct"


class City(BaseModel):
    """A city."""

    name: str
    country: str


def main() -> None:
    client = instructor.from_openai(OciOpenAI(), mode=instructor.Mode.TOOLS)
    question = [{"role": "user", "content": "The largest city of Norway?"}]

    city = client.create(model=MODEL, response_model=City, messages=question)
    print(f"{city.name} in {city.country}")

    for part in client.create_partial(model=MODEL, response_model=City, messages=question):
        print(part)

    in_json = instructor.from_openai(OciOpenAI(), mode=instructor.Mode.JSON_SCHEMA)
    for city in in_json.create_iterable(model=MODEL, response_model=City, messages=question):
        print(f"{city.name} in {city.country}")


if __name__ == "__main__":
    main()

"""Links to files: what travels along, and what is elsewhere."""

from __future__ import annotations

import pytest

from ocicat.dialects import links
from ocicat.dialects.content import Media, MediaKind

PNG = "data:image/png;base64,iVBORw0KGgo="


@pytest.mark.parametrize(
    ("kind", "url", "link"),
    [
        ("image", "https://host/cat.JPG?size=1", "data:image/jpeg;uri,https://host/cat.JPG?size=1"),
        ("image", "https://host/cat.webp#x.y", "data:image/webp;uri,https://host/cat.webp#x.y"),
        ("image", "https://host/cat", "data:image/jpeg;uri,https://host/cat"),
        ("document", "https://host/report", "data:application/pdf;uri,https://host/report"),
        ("audio", "https://host/song", "data:audio/mp3;uri,https://host/song"),
        ("video", "https://host/film.mov", "data:video/quicktime;uri,https://host/film.mov"),
    ],
)
def test_a_file_elsewhere_is_linked_with_its_type_and_address(
    kind: MediaKind, url: str, link: str
) -> None:
    assert links.encode(Media(kind, url)) == link
    assert links.decode(link) == url


def test_a_file_that_travels_along_is_its_own_link() -> None:
    assert links.encode(Media("image", PNG)) == PNG
    assert links.decode(PNG) == PNG

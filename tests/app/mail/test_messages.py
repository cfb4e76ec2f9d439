"""What the mails say, and what they never carry."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from appinstance_app.mail.messages import Messages

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import EmailMessage

ORIGIN = "https://acme.example.com"
MAIL = Messages(ORIGIN, "accounts@example.org")
TOKEN = "planted-Token_43"
WITH_LINK = [MAIL.verify, MAIL.reset, MAIL.new_address]
ALL = [
    *(make("ada@example.com", TOKEN) for make in WITH_LINK),
    *(
        make("ada@example.com")
        for make in (MAIL.already, MAIL.address_changing, MAIL.password_changed)
    ),
]


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    text: str = found.get_content()
    return text


class Tags(HTMLParser):
    """Names of elements, and where their attributes lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.addresses: list[str | None] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.addresses += [value for name, value in attrs if name in ("href", "src", "background")]


@pytest.mark.parametrize("message", ALL, ids=lambda message: message["Subject"])
def test_it_says_where_from_and_what_to_do_in_text_and_on_a_page(message: EmailMessage) -> None:
    assert message["From"] == "accounts@example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@acme.example.com>")
    for kind in ("plain", "html"):
        text = part(message, kind)
        assert "acme.example.com" in text
        assert "If " in text, "Who did not ask for it is told what to do."


@pytest.mark.parametrize("message", ALL, ids=lambda message: message["Subject"])
def test_the_page_loads_nothing_and_runs_nothing(message: EmailMessage) -> None:
    tags = Tags(part(message, "html"))
    assert tags.names <= {"html", "head", "meta", "title", "body", "div", "p", "h1", "a"}
    assert all(str(address).startswith(f"{ORIGIN}/") for address in tags.addresses)
    assert "url(" not in part(message, "html")


@pytest.mark.parametrize("make", WITH_LINK, ids=lambda make: make.__name__)
def test_a_token_is_behind_the_hash_where_no_server_sees_it(
    make: Callable[[str, str], EmailMessage],
) -> None:
    message = make("ada@example.com", TOKEN)
    text, tags = part(message, "plain"), Tags(part(message, "html"))
    (link,) = re.findall(r"https://\S+", text)
    assert tags.addresses == [link]
    before, _, after = link.partition("#")
    assert TOKEN not in before
    assert after.endswith(f"={TOKEN}")


def test_a_link_is_written_so_that_it_ends_nothing() -> None:
    page = part(MAIL.reset("ada@example.com", '"><script>planted</script>'), "html")
    assert "<script" not in page

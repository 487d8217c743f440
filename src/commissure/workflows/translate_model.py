"""A language model at any OpenAI-compatible address, as the function that :func:`ask_model` wants; nothing asks it unbidden."""

from collections.abc import Callable, Sequence

from commissure.errors import BadInput, Fault
from commissure.extras import need
from commissure.translate.methods.model import ask_model
from commissure.translate.methods.read import Methods
from commissure.translate.methods.sections import Paper
from commissure.translate.methods.tag import Tag

__all__ = ["add_from_model", "model_at"]


def model_at(url: str, *, name: str, key: str = "", timeout_s: float = 120.0) -> Callable[[str], str]:
    """A function from prompt to reply, by ``POST {url}/chat/completions``.

    Parameters
    ----------
    url : str
        Where the server answers, up to ``/v1``; the paper's text is sent there.
    name : str
        The model's name.
    key : str
        A bearer token, if the server wants one.

    Raises
    ------
    BadInput
        If the address is no http(s) URL.
    """
    if not url.startswith(("http://", "https://")):
        raise BadInput(f"A model's address starts with http:// or https://; got {url!r}.")
    httpx = need("httpx", purpose="Asking a language model")
    headers = {"Authorization": f"Bearer {key}"} if key else {}

    def ask(prompt: str) -> str:
        body = {"model": name, "temperature": 0, "messages": [{"role": "user", "content": prompt}]}
        try:
            answer = httpx.post(
                f"{url.rstrip('/')}/chat/completions", json=body, headers=headers, timeout=timeout_s
            )
            answer.raise_for_status()
            return str(answer.json()["choices"][0]["message"]["content"])
        except httpx.HTTPError as error:
            raise Fault(f"The language model does not answer: {type(error).__name__}.") from error
        except (ValueError, LookupError, TypeError) as error:
            raise Fault(
                "The language model's reply is not what an OpenAI-compatible server gives."
            ) from error

    return ask


def add_from_model(found: Methods, paper: Paper, *, ask: Callable[[str], str]) -> Sequence[Tag]:
    """Add the model's tags of fields that the grammars found nothing of; gives those that were added."""
    known = {tag.field for tag in found.tags}
    more = [tag for tag in ask_model(paper, ask) if tag.field not in known and tag.field != "n"]
    found.tags = sorted([*found.tags, *more], key=lambda t: (t.start, t.field, t.end))
    return more

"""Terms: a name that means the same thing in every lab."""

from dataclasses import dataclass

__all__ = ["Term"]


@dataclass(frozen=True, slots=True)
class Term:
    """A CURIE and its label.

    >>> Term("UBERON:0002756", "anterior cingulate gyrus", kind="region").prefix
    'UBERON'
    """

    curie: str
    label: str
    kind: str = ""

    @property
    def prefix(self) -> str:
        """The part before the colon."""
        return self.curie.partition(":")[0]

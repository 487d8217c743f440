"""A command group whose members are imported only when they are called.

Help, completion and misspelling read the table's short texts; no command module is imported for them.
"""

import importlib
import importlib.util
from dataclasses import dataclass
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

__all__ = ["LazyGroup", "Row", "group_of"]


@dataclass(frozen=True, slots=True)
class Row:
    """One member: its name, where it is (``"module:object"`` below ``commissure.faces.cli``), one line, a panel."""

    name: str
    target: str
    help: str
    panel: str

    @property
    def exists(self) -> bool:
        """Whether the module is there; a room that has no command yet is not listed."""
        module = self.target.partition(":")[0]
        return importlib.util.find_spec(f"commissure.faces.cli.{module}") is not None

    def load(self) -> Any:
        """Import the module and build the command or the group."""
        module, _, attribute = self.target.partition(":")
        found = getattr(importlib.import_module(f"commissure.faces.cli.{module}"), attribute)
        if isinstance(found, typer.Typer):
            group = typer.main.get_group(found)
            group.name = self.name
            return group
        single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        single.command(self.name)(found)
        return typer.main.get_command(single)


class LazyGroup(TyperGroup):
    """A group that takes its members from ``rows``; what it holds are stand-ins with the short texts."""

    rows: tuple[Row, ...] = ()

    def __init__(self, **attrs: Any) -> None:
        super().__init__(**attrs)
        self._rows = {row.name: row for row in self.rows if row.exists}
        for name, row in self._rows.items():
            stand_in = TyperCommand(name, help=row.help, short_help=row.help, rich_help_panel=row.panel)
            self.add_command(stand_in)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The real command, imported now."""
        name, found, rest = super().resolve_command(ctx, args)
        return name, self._rows[name].load() if name in self._rows else found, rest


def group_of(table: tuple[Row, ...]) -> type[LazyGroup]:
    """A group class over ``table``, as Typer wants one."""
    return type("Group", (LazyGroup,), {"rows": table})

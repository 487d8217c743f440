"""HDF5 files written anew with edited texts: numbers go over chunk by chunk, what is dropped leaves no bytes behind.

Deleting inside an HDF5 file only unlinks; the old bytes stay readable. So the file is built again: groups in the
order of their names, without times and without a user block, so that the same source gives the same bytes.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.protect.files.hdf5_types import (
    holds_texts,
    read_letters,
    renamed_dtype,
    renamed_type,
    written_letters,
)
from commissure.protect.files.hdf5_values import DROP, Edit, Edits, Rename, Values

__all__ = ["DAMAGED", "DROP", "Edit", "Edits", "Rename", "rewrite_hdf5", "texts_of"]

_BLOCK_BYTES = 16 << 20
_BROKEN = (OSError, RuntimeError, KeyError, TypeError, ValueError)
DAMAGED = "An HDF5 file cannot be read to its end: it is damaged, or packed by a filter that is not installed; get an intact copy."


def rewrite_hdf5(
    source: Path, target: Path, *, edit: Edit | Edits, rename: Rename = str, userblock: bytes = b""
) -> None:
    """Write ``source`` anew at ``target``, every text passed through ``edit``, every name through ``rename``.

    ``userblock``, of 512 bytes or a power of two above, stands before the copy; the source's own is left out.

    Raises
    ------
    Unreadable
        If the source is no HDF5 file, is damaged, or holds pickled objects.
    """
    h5py = need("h5py", purpose="Cleaning HDF5 files")
    edits = edit if isinstance(edit, Edits) else Edits(edit, rename)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with (
            h5py.File(source, "r") as old,
            h5py.File(target, "w", userblock_size=len(userblock) or None) as new,
        ):
            copy = _Copy(h5py, old, new, edits)
            copy.group(old, new)
            copy.references()
    except Unreadable:
        target.unlink(missing_ok=True)
        raise
    except _BROKEN as error:
        target.unlink(missing_ok=True)
        raise Unreadable(DAMAGED) from error
    if userblock:
        with target.open("r+b") as stream:
            stream.write(userblock)


def texts_of(path: Path, *, letters: Callable[[Any], bool] | None = None) -> list[tuple[str, str]]:
    """Every text in a file with its path; the attributes' too, those that numbers spell, and, as of ``path/``, the names."""
    found: list[tuple[str, str]] = []

    def note(where: str, text: str) -> str:
        found.append((where, text))
        return text

    def name(text: str) -> str:
        found.append((f"{text}/", text))
        return text

    h5py = need("h5py", purpose="Reading HDF5 files")
    try:
        with h5py.File(path, "r") as old, h5py.File.in_memory() as new:
            edits = Edits(note, name, lambda text: note("link", text), letters, spelled=True)
            copy = _Copy(h5py, old, new, edits, numbers=False)
            copy.group(old, new)
            copy.references()
    except Unreadable:
        raise
    except _BROKEN as error:
        raise Unreadable(DAMAGED) from error
    return found


class _Copy:
    def __init__(self, h5py: Any, old: Any, new: Any, edits: Edits, *, numbers: bool = True) -> None:
        self.h5py, self.old, self.new, self.edits, self.numbers = h5py, old, new, edits, numbers
        self.done: dict[Any, str] = {}
        self.pending: list[Callable[[], None]] = []
        self.values = Values(h5py, edits, self._reference)

    def references(self) -> None:
        """Set what points at other objects, now that all of them exist."""
        for later in self.pending:
            later()

    def group(self, old: Any, new: Any) -> None:
        self._remember(old, new)
        names = self._renamed(sorted(old))
        self._attributes(old, new, names)
        for name, called in names.items():
            link = old.get(name, getlink=True)
            if isinstance(link, self.h5py.SoftLink):
                self.pending.append(partial(self._soft, old, (new, called), link.path))
            elif isinstance(link, self.h5py.ExternalLink):
                self._external(old, (new, called), name, link)
            else:
                self._hard(old[name], new, called)

    def _external(self, old: Any, place: tuple[Any, str], name: str, link: Any) -> None:
        """A link to another file, by the name that this has in the copy; without that, only one that tells nothing."""
        new, called = place
        if self.edits.outside is not None:
            inner = "/".join(self.edits.rename(part) if part else part for part in link.path.split("/"))
            new[called] = self.h5py.ExternalLink(self.edits.outside(link.filename), inner)
        elif self.values.text(f"{old.name}/{name}", link.filename) == link.filename:
            new[called] = self.h5py.ExternalLink(link.filename, link.path)

    def _hard(self, child: Any, parent: Any, name: str) -> None:
        twin = self.done.get(self._key(child))
        if twin is not None:
            parent[name] = self.new[twin]
        elif isinstance(child, self.h5py.Group):
            if self.values.text(child.name, "") is not DROP:
                self.group(child, parent.create_group(name))
        elif isinstance(child, self.h5py.Datatype):
            kind = renamed_type(self.h5py, child.id.copy(), rename=self.edits.rename)
            kind.commit(parent.id, name.encode())
        else:
            self._dataset(child, parent, name)

    def _renamed(self, names: list[str]) -> dict[str, str]:
        """The new name of each, with a number where two old ones become the same."""
        called: dict[str, str] = {}
        for name in names:
            renamed = free = self.edits.rename(name).replace("/", "_") or "unnamed"
            number = 2
            while free in called.values() or (free != name and free in names):
                free, number = f"{renamed}_{number}", number + 1
            called[name] = free
        return called

    def _soft(self, old: Any, place: tuple[Any, str], path: str) -> None:
        """A soft link to where its target is now; one that led nowhere still does."""
        new, called = place
        target = old.get(path)
        found = None if target is None else self.done.get(self._key(target))
        new[called] = self.h5py.SoftLink(found or "/".join(map(self.edits.rename, path.split("/"))))

    def _key(self, item: Any) -> Any:
        info = self.h5py.h5o.get_info(item.id)
        return (info.fileno, info.addr)

    def _remember(self, old: Any, new: Any) -> None:
        self.done[self._key(old)] = new.name

    def _dataset(self, old: Any, parent: Any, name: str) -> None:
        new = self._copied(old, parent, name)
        if new is not None:
            self._remember(old, new)
            self._attributes(old, new, {})

    def _copied(self, old: Any, parent: Any, name: str) -> Any:
        kind, letters = old.dtype, self._letters(old)
        if old.shape is None:
            return parent.create_dataset(name, data=self.h5py.Empty(kind))
        if letters is not None:
            data = self._spelled(old, letters)
            return None if data is DROP else parent.create_dataset(name, data=data, **self._layout(old, data))
        if self.h5py.check_string_dtype(kind) is not None:
            return self._strings(old, parent, name)
        if kind.hasobject or holds_texts(kind) or self._hides(old.name, kind):
            return self._objects(old, parent, name)
        if kind.kind == "V" and not kind.names and kind.subdtype is None:
            for _, block in _blocks(old):
                self.values.moved(old.name, block, kind)
        return self._numbers(old, parent, name) if self.numbers else parent.create_dataset(name, data=0)

    def _hides(self, path: str, kind: Any) -> bool:
        """Whether a dataset, or a column of it, holds numbers that tell who somebody is."""
        places = [f"{path}/{field}" for field in kind.names] if kind.names else [path]
        return self.edits.hidden is not None and any(map(self.edits.hidden, places))

    def _letters(self, old: Any) -> str | None:
        """The text that an array of numbers spells; None if it does not."""
        known = self.edits.letters is not None and self.edits.letters(old)
        return read_letters(old, known=known) if known or self.edits.spelled else None

    def _spelled(self, old: Any, text: str) -> Any:
        edited = self.values.text(old.name, text)
        if edited is DROP:
            return DROP
        array = old[()]
        return array if edited == text else written_letters(array, edited)

    def _layout(self, old: Any, data: Any) -> dict[str, Any]:
        return _layout(old) if np.shape(data) == old.shape else {}

    def _strings(self, old: Any, parent: Any, name: str) -> Any:
        """Texts, block by block; those of fixed size become as long as the longest new one."""
        width = old.dtype.itemsize
        variable = self.h5py.check_string_dtype(old.dtype).length is None
        if not variable:
            for _, block in _blocks(old):
                edited = self.values.texts(old.name, block, old.dtype)
                if edited is DROP:
                    return None
                width = max(width, edited.dtype.itemsize)
        kind = (
            old.dtype if variable or width == old.dtype.itemsize else self.h5py.string_dtype("utf-8", width)
        )
        new = parent.create_dataset(name, shape=old.shape, dtype=kind, **_layout(old))
        for place, block in _blocks(old):
            edited = self.values.texts(old.name, block, old.dtype)
            if edited is DROP:
                del parent[name]
                return None
            new[place] = edited if variable else np.asarray(edited).astype(kind)
        return new

    def _numbers(self, old: Any, parent: Any, name: str) -> Any:
        """A dataset with the same layout; chunks go over as they are packed.

        HDF5's own copy would stamp the time of the copying into the file.
        """
        low = self.h5py.h5d
        plan = old.id.get_create_plist()
        elsewhere = plan.get_external_count() > 0 or old.is_virtual
        if elsewhere:
            plan = self.h5py.h5p.create(self.h5py.h5p.DATASET_CREATE)
        plan.set_obj_track_times(False)
        kind = renamed_type(self.h5py, old.id.get_type(), rename=self.edits.rename)
        made = low.create(parent.id, name.encode(), kind, old.id.get_space(), plan)
        new = self.h5py.Dataset(made)
        if old.chunks is not None and not elsewhere:
            for index in range(old.id.get_num_chunks()):
                place = old.id.get_chunk_info(index).chunk_offset
                mask, packed = old.id.read_direct_chunk(place)
                made.write_direct_chunk(place, packed, mask)
        elif old.shape == () or old.size:
            for place, block in _blocks(old):
                new[place] = block if kind.equal(old.id.get_type()) else block.astype(new.dtype)
        return new

    def _objects(self, old: Any, parent: Any, name: str) -> Any:
        """References, and tables with columns of them or of texts; filled in when all that they point at is there."""
        kind = self._new_type(old.dtype)
        new = parent.create_dataset(name, shape=old.shape, dtype=kind, **_layout(old))
        self.pending.append(partial(self._filled, old, new))
        return new

    def _new_type(self, kind: Any) -> Any:
        """A type in memory with its new names; texts that list its columns follow."""
        made = renamed_dtype(self.h5py, kind, rename=self.edits.rename)
        if kind.names:
            pairs = zip(kind.names, made.names, strict=True)
            self.values.names.update({name: called for name, called in pairs if name != called})
        return made

    def _filled(self, old: Any, new: Any) -> None:
        for place, block in _blocks(old):
            moved = self.values.moved(old.name, block, old.dtype)
            if not self.numbers:
                continue
            if self.h5py.check_vlen_dtype(old.dtype) is not None:
                # the library takes several lists of references for one table
                first = place.start if old.shape else 0
                for index in np.ndindex(np.shape(moved)):
                    new[(index[0] + first, *index[1:]) if index else ()] = moved[index]
            else:
                new[place] = moved.astype(new.dtype) if old.dtype.names else moved

    def _reference(self, reference: Any) -> Any:
        if not reference or not self.numbers:
            return reference
        name = self.done.get(self._key(self.old[reference]))
        if name is None:
            return type(reference)()
        if isinstance(reference, self.h5py.RegionReference):
            region = self.h5py.h5r.get_region(reference, self.old.id)
            start, stop = region.get_select_bounds()
            return self.new[name].regionref[tuple(slice(a, b + 1) for a, b in zip(start, stop, strict=True))]
        return self.new[name].ref

    def _attributes(self, old: Any, new: Any, names: dict[str, str]) -> None:
        self.values.names.update({name: called for name, called in names.items() if name != called})
        for name, called in self._renamed(sorted(old.attrs)).items():
            attribute = self.h5py.h5a.open(old.id, name.encode())
            kind = attribute.dtype
            path = f"{old.name}@{name}"
            if attribute.get_space().get_simple_extent_type() == self.h5py.h5s.NULL:
                new.attrs.create(called, self.h5py.Empty(kind))
                continue
            value = old.attrs[name]
            if self.h5py.check_string_dtype(kind) is not None:
                edited = self.values.texts(path, value, kind)
                if edited is not DROP:
                    new.attrs.create(called, edited, dtype=_grown(kind, edited))
            elif kind.hasobject or holds_texts(kind):
                self.pending.append(partial(self._point, new, called, (path, value, kind)))
            else:
                self._set(new, called, (self.values.moved(path, value, kind), kind))

    def _point(self, new: Any, name: str, what: tuple[str, Any, Any]) -> None:
        path, value, kind = what
        moved = self.values.moved(path, value, kind)
        if self.numbers:
            self._set(new, name, (moved, kind))

    def _set(self, new: Any, name: str, what: tuple[Any, Any]) -> None:
        moved, kind = what
        renamed = self._new_type(kind)
        moved = np.asarray(moved).astype(renamed) if kind.names and renamed is not kind else moved
        new.attrs.create(name, moved, dtype=renamed)


def _blocks(old: Any) -> Iterator[tuple[Any, Any]]:
    """The parts of a dataset that are held at once, each with its place."""
    if old.shape == ():
        yield (), old[()]
    elif old.size:
        rows = max(1, _BLOCK_BYTES // max(1, old.nbytes // old.shape[0]))
        for start in range(0, old.shape[0], rows):
            place = slice(start, min(start + rows, old.shape[0]))
            yield place, old[place]


def _grown(kind: Any, data: Any) -> Any:
    """A fixed-length string type with room for the edited texts."""
    array = np.asarray(data)
    return kind if kind.kind != "S" or array.dtype.itemsize <= kind.itemsize else array.dtype


def _layout(old: Any) -> dict[str, Any]:
    if old.chunks is None:
        return {}
    return {"chunks": old.chunks, "maxshape": old.maxshape, "compression": old.compression, "compression_opts": old.compression_opts,
            "shuffle": old.shuffle, "fletcher32": old.fletcher32}  # fmt: skip

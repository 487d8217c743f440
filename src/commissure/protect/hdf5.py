"""HDF5 files written anew with edited texts: numbers go over chunk by chunk, what is dropped leaves no bytes behind.

Deleting inside an HDF5 file only unlinks; the old bytes stay readable. So the file is built again: groups in the
order of their names, without times, so that the same source gives the same bytes.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from commissure.errors import Unreadable
from commissure.extras import need

__all__ = ["DROP", "Edit", "Rename", "rewrite_hdf5", "texts_of"]

#: returned by an edit to leave the object out
DROP = object()
#: edit(path, text) gives the new text, or DROP; an attribute's path is ``object@attribute``
Edit = Callable[[str, str], Any]
Rename = Callable[[str], str]


def rewrite_hdf5(source: Path, target: Path, *, edit: Edit, rename: Rename = str) -> None:
    """Write ``source`` anew at ``target``, every text passed through ``edit``, every group's name through ``rename``.

    Raises
    ------
    Unreadable
        If the source is no HDF5 file or is damaged.
    """
    h5py = need("h5py", purpose="Cleaning NWB and SNIRF files")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with h5py.File(source, "r") as old, h5py.File(target, "w") as new:
            copy = _Copy(h5py, old, new, edit, rename=rename)
            copy.group(old, new)
            copy.references()
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
        target.unlink(missing_ok=True)
        raise Unreadable("An HDF5 file cannot be read to its end; get an intact copy of it.") from error


def texts_of(path: Path) -> list[tuple[str, str]]:
    """Every text in a file with its path; the attributes' too."""
    found: list[tuple[str, str]] = []

    def note(where: str, text: str) -> str:
        found.append((where, text))
        return text

    h5py = need("h5py", purpose="Reading NWB and SNIRF files")
    try:
        with h5py.File(path, "r") as old, h5py.File.in_memory() as new:
            copy = _Copy(h5py, old, new, note, numbers=False)
            copy.group(old, new)
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
        raise Unreadable("An HDF5 file cannot be read to its end; get an intact copy of it.") from error
    return found


_BLOCK_BYTES = 16 << 20


class _Copy:
    def __init__(
        self, h5py: Any, old: Any, new: Any, edit: Edit, *, numbers: bool = True, rename: Rename = str
    ) -> None:
        self.h5py, self.old, self.new, self.edit, self.numbers = h5py, old, new, edit, numbers
        self.rename = rename
        self.done: dict[Any, str] = {}
        self.pending: list[Callable[[], None]] = []
        self.cache: dict[tuple[str, str], Any] = {}

    def references(self) -> None:
        """Set what points at other objects, now that all of them exist."""
        for later in self.pending:
            later()

    def group(self, old: Any, new: Any) -> None:
        self._remember(old, new)
        self._attributes(old, new)
        for name in sorted(old):
            link = old.get(name, getlink=True)
            if isinstance(link, self.h5py.SoftLink):
                self.pending.append(partial(self._soft, old, new, name, link.path))
            elif isinstance(link, self.h5py.ExternalLink):
                if self._text(f"{old.name}/{name}", link.filename) == link.filename:
                    new[name] = self.h5py.ExternalLink(link.filename, link.path)
            else:
                self._hard(old[name], new, name)

    def _hard(self, child: Any, parent: Any, name: str) -> None:
        twin = self.done.get(self._key(child))
        if twin is not None:
            parent[name] = self.new[twin]
        elif isinstance(child, self.h5py.Group):
            if self._text(child.name, "") is not DROP:
                self.group(child, parent.create_group(self._free_name(parent, name)))
        elif isinstance(child, self.h5py.Datatype):
            parent[name] = child.dtype
        else:
            self._dataset(child, parent, name)

    def _free_name(self, parent: Any, name: str) -> str:
        """The new name of a group, with a number where two old ones become the same."""
        renamed = free = self.rename(name)
        number = 2
        while free in parent:
            free, number = f"{renamed}_{number}", number + 1
        return free

    def _soft(self, old: Any, new: Any, name: str, path: str) -> None:
        """A soft link to where its target is now; one that led nowhere still does."""
        target = old.get(path)
        place = None if target is None else self.done.get(self._key(target))
        new[name] = self.h5py.SoftLink(place or "/".join(map(self.rename, path.split("/"))))

    def _key(self, item: Any) -> Any:
        info = self.h5py.h5o.get_info(item.id)
        return (info.fileno, info.addr)

    def _remember(self, old: Any, new: Any) -> None:
        self.done[self._key(old)] = new.name

    def _dataset(self, old: Any, parent: Any, name: str) -> None:
        kind = old.dtype
        if self.h5py.check_string_dtype(kind) is not None and old.shape is not None:
            data = self._texts(old.name, old[()], kind)
            if data is DROP:
                return
            new = parent.create_dataset(name, data=data, dtype=_grown(kind, data), **_layout(old))
        elif kind.hasobject and old.shape is not None:
            new = parent.create_dataset(name, shape=old.shape, dtype=kind, **_layout(old))
            self._objects(old, new)
        elif not self.numbers:
            new = parent.create_dataset(name, data=0)
        else:
            new = self._numbers(old, parent, name)
        self._remember(old, new)
        self._attributes(old, new)

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
        made = low.create(parent.id, name.encode(), old.id.get_type(), old.id.get_space(), plan)
        new = self.h5py.Dataset(made)
        if old.chunks is not None and not elsewhere:
            for index in range(old.id.get_num_chunks()):
                place = old.id.get_chunk_info(index).chunk_offset
                mask, packed = old.id.read_direct_chunk(place)
                made.write_direct_chunk(place, packed, mask)
        elif old.shape is not None and old.shape != () and old.size:
            rows = max(1, _BLOCK_BYTES // max(1, old.nbytes // old.shape[0]))
            for start in range(0, old.shape[0], rows):
                new[start : start + rows] = old[start : start + rows]
        elif old.shape == ():
            new[()] = old[()]
        return new

    def _objects(self, old: Any, new: Any) -> None:
        """References, and compounds that hold them or texts."""
        data = old[()]
        if not self.numbers:
            return
        self.pending.append(lambda: new.__setitem__((), self._moved(old.name, data, old.dtype)))

    def _moved(self, path: str, data: Any, kind: Any) -> Any:
        if kind.names:
            moved = np.empty_like(data)
            for field in kind.names:
                moved[field] = self._moved(path, data[field], kind[field])
            return moved
        if self.h5py.check_string_dtype(kind) is not None:
            return self._texts(path, data, kind)
        if self.h5py.check_ref_dtype(kind) is None:
            return data
        if not isinstance(data, np.ndarray):
            return self._reference(data)
        moved = np.empty(data.shape, dtype=kind)
        for index in np.ndindex(data.shape):
            moved[index] = self._reference(data[index])
        return moved

    def _reference(self, reference: Any) -> Any:
        if not reference:
            return reference
        name = self.done.get(self._key(self.old[reference]))
        if name is None:
            return self.h5py.Reference()
        if isinstance(reference, self.h5py.RegionReference):
            region = self.h5py.h5r.get_region(reference, self.old.id)
            start, stop = region.get_select_bounds()
            return self.new[name].regionref[tuple(slice(a, b + 1) for a, b in zip(start, stop, strict=True))]
        return self.new[name].ref

    def _attributes(self, old: Any, new: Any) -> None:
        for name in sorted(old.attrs):
            attribute = self.h5py.h5a.open(old.id, name.encode())
            kind = attribute.dtype
            path = f"{old.name}@{name}"
            if attribute.get_space().get_simple_extent_type() == self.h5py.h5s.NULL:
                new.attrs.create(name, self.h5py.Empty(kind))
                continue
            value = old.attrs[name]
            if self.h5py.check_string_dtype(kind) is not None:
                edited = self._texts(path, value, kind)
                if edited is not DROP:
                    new.attrs.create(name, edited, dtype=_grown(kind, edited))
            elif kind.hasobject:
                if self.numbers:
                    self.pending.append(partial(self._point, new, name, (path, value, kind)))
            else:
                new.attrs.create(name, value, dtype=kind)

    def _point(self, new: Any, name: str, what: tuple[str, Any, Any]) -> None:
        path, value, kind = what
        new.attrs.create(name, self._moved(path, value, kind), dtype=kind)

    def _texts(self, path: str, value: Any, kind: Any) -> Any:
        if isinstance(value, self.h5py.Empty):
            return value
        array = np.asarray(value, dtype=object)
        out = np.empty(array.shape, dtype=object)
        for index in np.ndindex(array.shape):
            edited = self._text(path, _decode(array[index]))
            if edited is DROP:
                return DROP
            out[index] = edited
        variable = self.h5py.check_string_dtype(kind).length is None
        final = out if variable else np.array([text.encode() for text in out.ravel()]).reshape(out.shape)
        return final[()] if array.shape == () else final

    def _text(self, path: str, text: str) -> Any:
        key = (path, text)
        if key not in self.cache:
            self.cache[key] = self.edit(path, text)
        return self.cache[key]


def _decode(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _grown(kind: Any, data: Any) -> Any:
    """A fixed-length string type with room for the edited texts."""
    array = np.asarray(data)
    return kind if kind.kind != "S" or array.dtype.itemsize <= kind.itemsize else array.dtype


def _layout(old: Any) -> dict[str, Any]:
    if old.chunks is None:
        return {}
    return {"chunks": old.chunks, "maxshape": old.maxshape, "compression": old.compression,
            "compression_opts": old.compression_opts, "shuffle": old.shuffle}  # fmt: skip

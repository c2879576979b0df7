"""A landing folder brought to one state in many ways: files put, renamed, copied, deleted, swapped, put back.

What happens on the way is what happens to landing folders. Left out is what is to count for ever: a content that lay in
the folder and is nowhere in the end remains, unless another came in its place, since landing folders are tidied.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

WRITTEN = 1_768_000_000
"""When the first of the files was written, in January 2026: some rows of the sample are later than their file."""


@dataclass
class Shuffle:
    """One way to bring `folder` to hold `files`: each under some name, written when it was first delivered.

    `looked` is called now and then, as a run would look at what has landed. What is random comes from `seed`.
    """

    folder: Path
    files: list[Path]
    others: list[Path]
    seed: int
    looked: Callable[[], None]
    places: dict[Path, str] = field(init=False, default_factory=dict)
    copies: dict[str, Path] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Say when each file was written."""
        self.random = random.Random(self.seed)  # noqa: S311 - random, not a key
        times = list(range(len(self.files) + len(self.others)))
        self.random.shuffle(times)
        self.written = {
            file: WRITTEN + 40_000 * at for file, at in zip([*self.files, *self.others], times, strict=True)
        }
        self.clock = max(self.written.values())

    def play(self, steps: int) -> None:
        """Do `steps` things at random, then what is left to do."""
        doings = (self.put, self.rename, self.copy, self.delete, self.swap, self.older, self.touch, self.looked)
        for _ in range(steps):
            self.random.choice((self.put, *doings))()
        for file in self.files:
            self._write(file, self.places.get(file) or self._free_name(file), self.written[file])
        for name in [name for name in sorted(self.copies) if self.random.random() < 0.5]:
            self._remove(name)
        self.looked()

    def put(self) -> None:
        """Deliver a file that is not there, written when it was or later."""
        if absent := [file for file in self.files if file not in self.places]:
            file = self.random.choice(absent)
            self._write(file, self._free_name(file), self.random.choice([self.written[file], self._now()]))

    def rename(self) -> None:
        """Give a file another name."""
        if file := self._present():
            old, new = self.places[file], self._free_name(file)
            (self.folder / new).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / old).rename(self.folder / new)
            self.places[file] = new

    def copy(self) -> None:
        """Put a file's bytes under a second name."""
        if file := self._present():
            name = self._free_name(file)
            self._write(file, name, self.random.choice([self.written[file] + 1, self._now()]), is_copy=True)

    def delete(self) -> None:
        """Delete a copy, or the file itself, which comes again."""
        if self.copies and self.random.random() < 0.5:
            self._remove(self.random.choice(sorted(self.copies)))
        elif file := self._present():
            (self.folder / self.places.pop(file)).unlink()

    def swap(self) -> None:
        """Let two files exchange their names."""
        first, second = self._present(), self._present()
        if first and second and _suffix(first) == _suffix(second) and first != second:
            a, b, aside = (self.folder / name for name in (self.places[first], self.places[second], "_aside"))
            a.rename(aside)
            b.rename(a)
            aside.rename(b)
            self.places[first], self.places[second] = self.places[second], self.places[first]

    def older(self) -> None:
        """Let a name hold something else for a while."""
        if file := self._present():
            name = self.places[file]
            of_a_kind = [other for other in [*self.others, *self.files] if _suffix(other) == _suffix(file)]
            other = self.random.choice(of_a_kind)
            self._write(other, name, self.random.choice([self.written[other], self._now()]), is_known=False)
            if self.random.random() < 0.7:
                self.looked()
            self._write(file, name, self._now())
            self.looked()

    def touch(self) -> None:
        """Write a file again, as it is."""
        if file := self._present():
            self._write(file, self.places[file], self._now())

    def _present(self) -> Path | None:
        return self.random.choice(sorted(self.places)) if self.places else None

    def _now(self) -> int:
        self.clock += 7_000
        return self.clock

    def _write(self, file: Path, name: str, at: int, is_copy: bool = False, is_known: bool = True) -> None:
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
        os.utime(target, (at, at))
        if is_copy:
            self.copies[name] = file
        elif is_known:
            self.places[file] = name

    def _remove(self, name: str) -> None:
        (self.folder / name).unlink()
        del self.copies[name]

    def _free_name(self, file: Path) -> str:
        """A name of the file's kind that nothing bears: its own, or another, perhaps with a date, perhaps elsewhere."""
        taken = {*self.places.values(), *self.copies}
        stem, suffix = file.name.removesuffix(_suffix(file)), _suffix(file)
        own = _below_source(file)
        source = own.parts[0]
        number = self.random.randint(1, 9)
        names = [
            str(own),
            str(own.with_name(f"{stem}-{number}{suffix}")),
            str(own.with_name(f"{stem}-2026-01-0{number}{suffix}")),
            f"{source}/elsewhere/{stem}{suffix}",
            f"{source}/{number}/{own.relative_to(source)}",
            f"{source}/SV_00000000000000{number}/{stem}-{number}{suffix}",
        ]
        free = [name for name in names if name not in taken]
        return self.random.choice(free) if free else f"{source}/{self._now()}/{stem}{suffix}"


def _suffix(file: Path) -> str:
    return "".join(file.suffixes[-2:]) if file.suffix in (".gz", ".zst", ".zip") else file.suffix


def _below_source(file: Path) -> PurePosixPath:
    """The path from the source's folder on, of a file of a sample company or of a case."""
    place = max(number for number, part in enumerate(file.parts) if part == "landing")
    return PurePosixPath(*file.parts[place + 1 :])

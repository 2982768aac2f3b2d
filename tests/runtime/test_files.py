"""Files appear complete or not at all, whoever else writes them; the former one stays with those who have it open."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from tilewright.errors import BadOptionError
from tilewright.runtime.files import replacing


def test_writers_of_one_file_do_not_meet(tmp_path: Path) -> None:
    path, contents = tmp_path / "model.tw", [bytes([number]) * 300_000 for number in range(8)]
    ready, errors = threading.Barrier(len(contents)), list[BaseException]()

    def work(content: bytes) -> None:
        ready.wait()
        try:
            for _ in range(20):
                with replacing(path) as file:
                    for start in range(0, len(content), 50_000):
                        file.write(content[start : start + 50_000])
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and path.read_bytes() in contents
    assert os.listdir(tmp_path) == ["model.tw"]


def test_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "model.tw"
    path.write_bytes(b"former")
    with pytest.raises(ZeroDivisionError), replacing(path) as file:
        file.write(b"later")
        raise ZeroDivisionError
    assert path.read_bytes() == b"former" and os.listdir(tmp_path) == ["model.tw"]


def test_links_are_followed_and_open_files_kept(tmp_path: Path) -> None:
    path, link = tmp_path / "model.tw", tmp_path / "latest.tw"
    path.write_bytes(b"former")
    link.symlink_to(path.name)
    with path.open("rb") as opened:
        with replacing(link) as file:
            file.write(b"later")
        assert opened.read() == b"former"
    assert link.is_symlink() and path.read_bytes() == b"later"


def test_devices_folders_and_what_is_in_no_folder_are_refused(tmp_path: Path) -> None:
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    for place in (fifo, tmp_path):
        with pytest.raises(BadOptionError, match="is no file"), replacing(place):
            pass
    assert fifo.is_fifo()
    with pytest.raises(FileNotFoundError, match=str(tmp_path / "nowhere")), replacing(tmp_path / "nowhere" / "model.tw"):
        pass

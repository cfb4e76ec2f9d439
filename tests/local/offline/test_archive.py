"""An image archive has the form that engines load, and the same input gives the same bytes."""

import hashlib
import json
import tarfile
from pathlib import Path

from appinstance_local.offline import archive


def _image(folder: Path) -> Path:
    folder.mkdir()
    program = folder / "program"
    program.write_bytes(b"\x7fELF")
    layer = archive.file_layer(folder / "layer.tar", {"/usr/bin/program": program})
    out = folder / "image.tar"
    archive.write(out, "example.org/program:v1", [layer], ["/usr/bin/program"])
    return out


def _content(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    assert file is not None, f"{name} is no file"
    return file.read()


def test_layers_are_named_by_their_content(tmp_path: Path) -> None:
    with tarfile.open(_image(tmp_path / "a")) as tar:
        manifest = json.loads(_content(tar, "manifest.json"))[0]
        config = json.loads(_content(tar, manifest["Config"]))
        layer = _content(tar, manifest["Layers"][0])
    assert manifest["RepoTags"] == ["example.org/program:v1"]
    assert config["config"]["Entrypoint"] == ["/usr/bin/program"]
    assert config["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(layer).hexdigest()}"]


def test_files_are_executable_and_tmp_is_sticky(tmp_path: Path) -> None:
    _image(tmp_path / "a")
    with tarfile.open(tmp_path / "a" / "layer.tar") as tar:
        assert tar.getmember("usr/bin/program").mode == 0o755
        assert tar.getmember("tmp").mode == 0o1777


def test_same_input_same_bytes(tmp_path: Path) -> None:
    assert _image(tmp_path / "a").read_bytes() == _image(tmp_path / "b").read_bytes()

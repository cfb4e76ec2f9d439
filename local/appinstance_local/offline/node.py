"""Build the kind node image where none can be pulled: Debian, our binaries, the platform's images.

The steps are those of kind's own base and node images (the files come from kind's module); what
differs is said where it differs. Everything that runs in the cluster at start is imported into
the node's containerd here, so that nothing has to be loaded later.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from appinstance_local.engine import Engine
from appinstance_local.errors import LocalError
from appinstance_local.paths import LOCAL, binary, cache
from appinstance_local.progress import step
from appinstance_local.shell import run

from . import archive, builds, rootfs, versions
from .recipes import RECIPES

NAME = "appinstance.local/node"
CALICO_IMAGE = "appinstance.local/calico-lite:v3.28.5"
MOTO_IMAGE = "docker.io/motoserver/moto:5.2.5"
MARIADB_IMAGE = "docker.io/library/mariadb:10.11"
PYTHON_BASE = "appinstance.local/python"
_BUILDER = "appinstance-node-builder"
_PAUSE_SOURCE = Path(__file__).parent / "pause.c"


def python_base(engine: Engine) -> str:
    """Return the name of the Python base image on the engine, imported now if it is not there."""
    name = f"{PYTHON_BASE}:{rootfs.key(rootfs.PYTHON)}"
    if not engine.has_image(name):
        tar = rootfs.tarball(rootfs.PYTHON)
        with step("import the Python base image"):
            engine.docker(
                "import",
                "--change",
                "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                tar,
                name,
            )
    return name


def _add_on_images(engine: Engine) -> dict[str, Path]:
    """Return name → Dockerfile folder of the add-ons that are built with docker."""
    base = python_base(engine)
    folders = {MOTO_IMAGE: LOCAL / "images" / "moto", MARIADB_IMAGE: LOCAL / "images" / "mariadb"}
    for name, folder in folders.items():
        with step(f"build {name}"):
            engine.docker(
                "build", "--network", "host", "--build-arg", f"BASE_IMAGE={base}",
                "--tag", name, folder,
                log=cache() / "logs" / f"image-{folder.name}.log",
            )  # fmt: skip
    return folders


def _kubeadm_images() -> dict[str, str]:
    """Return short name → image name for what kubeadm will start (`etcd`, `pause`, …)."""
    told = run(
        [
            binary("kubeadm"),
            "config",
            "images",
            "list",
            "--kubernetes-version",
            versions.kubernetes(),
        ]
    )
    return {line.rsplit("/", 1)[-1].split(":")[0]: line for line in told.split()}


def _sandbox_image() -> str:
    """Return the pause image that kind's containerd configuration names, not kubeadm's."""
    text = (_kind_files() / "etc/containerd/config.toml").read_text()
    for line in text.splitlines():
        if line.strip().startswith("sandbox_image ="):
            return line.split('"')[1]
    raise LocalError("kind's containerd configuration names no sandbox image; look anew in node.py")


def _kind_files() -> Path:
    return builds.module_folder("kind") / "images" / "base" / "files"


def _write_archives(folder: Path) -> None:
    """Write every image that needs no engine as a docker-archive into `folder`."""
    images = _kubeadm_images()
    scratch = folder / "layers"
    scratch.mkdir()
    netfilter = rootfs.tarball(rootfs.NETFILTER)
    pause = scratch / "pause-binary"
    run(["gcc", "-static", "-Os", "-s", "-o", pause, _PAUSE_SOURCE])

    def image(
        short: str,
        name: str,
        files: dict[str, Path],
        entry: list[str],
        base: list[Path] | None = None,
    ) -> None:
        layer = archive.file_layer(scratch / f"{short}.tar", files)
        archive.write(folder / f"{short}.tar", name, [*(base or []), layer], entry)

    for short in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"):
        image(short, images[short], {f"/usr/local/bin/{short}": binary(short)}, [])
    image(
        "kube-proxy",
        images["kube-proxy"],
        {"/usr/local/bin/kube-proxy": binary("kube-proxy")},
        [],
        [netfilter],
    )
    image("coredns", images["coredns"], {"/coredns": binary("coredns")}, ["/coredns"])
    image("pause", _sandbox_image(), {"/pause": pause}, ["/pause"])
    image(
        "calico", CALICO_IMAGE,
        {
            "/opt/cni/bin/calico": binary("calico"),
            "/usr/local/bin/calico-felix": binary("calico-felix"),
        },
        [], [netfilter],
    )  # fmt: skip
    for part, repository in (
        ("external-secrets", "ghcr.io/external-secrets/external-secrets"),
        ("traefik", "docker.io/library/traefik"),
    ):
        recipe = next(recipe for recipe in RECIPES if recipe.name == part)
        name = f"{repository}:{versions.version(recipe.module)}"
        image(part, name, {f"/usr/local/bin/{part}": binary(part)}, [f"/usr/local/bin/{part}"])
    shutil.rmtree(scratch)


def _install(source: Path, target: Path, mode: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(mode)


# kind's own Dockerfile prunes the same units: a node is not a machine.
_PRUNE = """
rm -f /lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service \
  /lib/systemd/system/multi-user.target.wants/* /etc/systemd/system/*.wants/* \
  /lib/systemd/system/local-fs.target.wants/* /lib/systemd/system/sockets.target.wants/*udev* \
  /lib/systemd/system/sockets.target.wants/*initctl* /lib/systemd/system/basic.target.wants/*
echo ReadKMsg=no >> /etc/systemd/journald.conf
ln -sf /usr/lib/systemd/systemd /sbin/init
systemctl enable kubelet.service containerd.service undo-mount-hacks.service
systemctl mask systemd-binfmt.service
systemctl set-default multi-user.target
/usr/local/bin/ctr oci spec \
  | jq '.hooks.createContainer |= . + [{"path": "/kind/bin/mount-product-files.sh"}]' \
  | jq 'del(.process.rlimits)' > /etc/containerd/cri-base.json
"""

# On a cgroup v1 host, systemd in the node would mount every hierarchy that the host has not, and
# such a mount is kernel-wide. undo-mount-hacks.service lifts this again once systemd is up.
_HIDE_CGROUPS = """
  log_info 'hiding cgroup v1 controllers that are not mounted'
  awk '/^#/ || $2!=0' /proc/cgroups >/kind/fake-cgroups
  mount --bind /kind/fake-cgroups /proc/cgroups
"""
_V1_MARK = "  log_info 'detected cgroup v1'\n"

_NO_STORAGE = """\
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: standard
  annotations: {storageclass.kubernetes.io/is-default-class: "true"}
provisioner: kubernetes.io/no-provisioner
volumeBindingMode: WaitForFirstConsumer
"""
_NO_CNI = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: no-default-cni, namespace: kube-system}\n"
)


def _node_tree(root: Path) -> None:
    """Fill `root` with the node's root file system."""
    with tarfile.open(rootfs.tarball(rootfs.NODE)) as tar:
        # Made by us a moment ago; devices are the engine's business.
        members = [member for member in tar.getmembers() if not member.isdev()]
        tar.extractall(root, members=members, filter="fully_trusted")  # noqa: S202
    files = _kind_files()
    for source in files.rglob("*"):
        inside = source.relative_to(files)
        if source.is_file() and inside.parts[0] != "LICENSES":
            executable = "bin" in inside.parts
            _install(source, root / inside, 0o755 if executable else 0o644)
    for folder in ("kind/manifests", "etc/kubernetes/manifests", "opt/cni/bin", "etc/cni/net.d"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for name in ("kubelet", "kubectl", "kubeadm"):
        _install(binary(name), root / "usr/bin" / name, 0o755)
    for name in ("containerd", "containerd-shim-runc-v2", "ctr"):
        _install(binary(name), root / "usr/local/bin" / name, 0o755)
    _install(binary("runc"), root / "usr/local/sbin/runc", 0o755)
    for name in ("loopback", "host-local", "portmap"):
        _install(binary(name), root / "opt/cni/bin" / name, 0o755)
    run(["chroot", root, "sh", "-c", _PRUNE])
    entrypoint = root / "usr/local/bin/entrypoint"
    text = entrypoint.read_text()
    if text.count(_V1_MARK) != 1:
        raise LocalError("kind's entrypoint has changed; look anew where node.py hides cgroups")
    entrypoint.write_text(text.replace(_V1_MARK, _V1_MARK + _HIDE_CGROUPS))
    (root / "kind/version").write_text(versions.kubernetes())
    (root / "kind/manifests/default-storage.yaml").write_text(_NO_STORAGE)
    (root / "kind/manifests/default-cni.yaml").write_text(_NO_CNI)


def _import_tree(engine: Engine, root: Path, name: str) -> None:
    """Make the folder an image of the engine without writing a tar in between."""
    changes = (
        "ENV container=docker",
        "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        'ENTRYPOINT ["/usr/local/bin/entrypoint","/sbin/init"]',
    )
    flags = [word for change in changes for word in ("--change", change)]
    with subprocess.Popen(["tar", "-C", root, "-c", "."], stdout=subprocess.PIPE) as tar:
        if tar.stdout is None:
            raise LocalError("tar gave no output")
        subprocess.run(
            ["docker", "import", *flags, "-", name],
            stdin=tar.stdout, env=_environment(engine), check=True, capture_output=True,
        )  # fmt: skip
    if tar.returncode:
        raise LocalError("tar failed while the node image was made; is the disk full?")


def _environment(engine: Engine) -> dict[str, str]:
    return {**os.environ, **engine.env}


_IMPORT = r"""
set -e
containerd >/tmp/containerd.log 2>&1 &
until ctr version >/dev/null 2>&1; do kill -0 $!; sleep 0.1; done
for archive in /images/*.tar; do
  ctr --namespace=k8s.io images import --label=io.cri-containerd.pinned=pinned \
    --all-platforms --no-unpack "$archive"
done
kill $!
wait $! || true
rm -f /tmp/containerd.log
"""


def _bake(engine: Engine, base: str, images: Path, name: str) -> None:
    """Import the archives in `images` into the containerd of `base` and commit it as `name`."""
    engine.docker("rm", "--force", "--volumes", _BUILDER)
    try:
        engine.docker(
            "run", "--detach", "--name", _BUILDER, "--security-opt", "seccomp=unconfined",
            "--volume", f"{images}:/images:ro", "--entrypoint", "sleep", base, "infinity",
        )  # fmt: skip
        engine.docker("exec", _BUILDER, "bash", "-c", _IMPORT)
        entry = 'ENTRYPOINT ["/usr/local/bin/entrypoint","/sbin/init"]'
        engine.docker("commit", "--change", entry, _BUILDER, name)
    finally:
        engine.docker("rm", "--force", "--volumes", _BUILDER)


def image_name() -> str:
    """Return the name of the node image for what is pinned now; its tag is a content key."""
    digest = hashlib.sha256()
    for recipe in RECIPES:
        digest.update(builds.key(recipe).encode())
    for spec in (rootfs.NODE, rootfs.NETFILTER, rootfs.PYTHON):
        digest.update(rootfs.key(spec).encode())
    sources = [Path(__file__), _PAUSE_SOURCE, Path(archive.__file__)]
    sources += sorted(path for path in (LOCAL / "images").rglob("*") if path.is_file())
    for path in sources:
        digest.update(path.read_bytes())
    return f"{NAME}:{digest.hexdigest()[:16]}"


def ensure(engine: Engine) -> str:
    """Return the name of the node image on the engine, made now if it is not there."""
    name = image_name()
    if engine.has_image(name):
        return name
    builds.ensure()
    base = f"{NAME}:base"
    with step("build the node image"), tempfile.TemporaryDirectory(dir=cache()) as folder:
        images, root = Path(folder, "images"), Path(folder, "root")
        images.mkdir()
        root.mkdir()
        _write_archives(images)
        add_ons = _add_on_images(engine)
        engine.docker("save", "--output", images / "add-ons.tar", *add_ons)
        with step("put the node's file system together"):
            _node_tree(root)
            _import_tree(engine, root, base)
        with step("import the platform's images into the node"):
            _bake(engine, base, images, name)
    return name

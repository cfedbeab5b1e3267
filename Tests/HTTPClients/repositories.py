"""git and apt-get: clones, pushes, and packages fetched through the proxy."""

import gzip
import hashlib
import os

import servers
from harness import Skip, check, expect

GIT = {
    "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example", "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example",
}


def git(run, *arguments):
    return run.call(["git", *arguments], env=GIT).decode()


def make_repository(run, place):
    """A bare repository with 15 commits, and a MiB that no one can compress."""
    work = run.folder / "work"
    git(run, "init", "-q", "-b", "main", work)
    for index in range(15):
        (work / f"file{index}").write_bytes(run.random.randbytes(70_000))
        (work / "text").write_text(f"line {index}\n" * (index + 1) * 100)
        git(run, "-C", work, "add", "-A")
        git(run, "-C", work, "commit", "-qm", f"commit {index}")
    place.parent.mkdir(exist_ok=True)
    git(run, "clone", "-q", "--bare", work, place)
    git(run, "-C", place, "config", "http.receivepack", "true")
    git(run, "-C", place, "update-server-info")
    return work


def same_clone(run, work, address, *options):
    target = run.folder / f"clone{len(os.listdir(run.folder))}"
    git(run, *options, "clone", "-q", address, target)
    git(run, "-C", target, "fsck", "--full", "--strict")
    expect(git(run, "-C", target, "rev-parse", "HEAD") == git(run, "-C", work, "rev-parse", "HEAD"), "another HEAD")
    return target


@check("git-dumb", ["git", "nginx"])
def dumb(run):
    """A static repository of nginx: many small requests."""
    origin = servers.nginx(run)
    work = make_repository(run, run.folder / "files" / "repository.git")
    proxy = run.proxy(origin)
    same_clone(run, work, f"http://127.0.0.1:{proxy.port}/files/repository.git")


@check("git-smart", ["git", "apache2"])
def smart(run):
    """git-http-backend behind Apache: clone, push with a chunked body, fetch."""
    if not os.path.exists(servers.GIT_BACKEND):
        raise Skip("git-http-backend is not installed")
    origin = servers.apache(run)
    place = run.folder / "git" / "repository.git"
    work = make_repository(run, place)
    if servers.ROOT:
        run.call(["chown", "-R", "www-data:", place.parent])
    address = f"http://127.0.0.1:{run.proxy(origin).port}/git/repository.git"
    clone = same_clone(run, work, address)
    if run.long:
        same_clone(run, work, address, "-c", "protocol.version=0")
    # More than http.postBuffer: git sends it in chunks, behind a probe.
    (clone / "new").write_bytes(run.random.randbytes(2_000_000))
    git(run, "-C", clone, "add", "-A")
    git(run, "-C", clone, "commit", "-qm", "new")
    git(run, "-C", clone, "push", "-q", "origin", "main")
    git(run, "-C", work, "pull", "-q", address, "main")
    same_clone(run, clone, address)


def make_packages(run):
    """A flat repository of one package, and what the package holds."""
    source, folder = run.folder / "package", run.folder / "files" / "apt"
    (source / "DEBIAN").mkdir(parents=True)
    folder.mkdir(parents=True)
    (source / "payload").write_bytes(run.random.randbytes(8_000_000))
    (source / "DEBIAN" / "control").write_text("Package: pelmeni-test\nVersion: 1.0\nArchitecture: all\n"
        "Maintainer: a <a@example>\nDescription: a test\n")
    package = folder / "pelmeni-test_1.0_all.deb"
    run.call(["dpkg-deb", "-Znone", "--build", source, package])
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    index = (f"Package: pelmeni-test\nVersion: 1.0\nArchitecture: all\nMaintainer: a <a@example>\n"
        f"Filename: ./{package.name}\nSize: {package.stat().st_size}\nSHA256: {digest}\nDescription: a test\n\n")
    (folder / "Packages").write_text(index)
    (folder / "Packages.gz").write_bytes(gzip.compress(index.encode()))
    return package


@check("apt-get", ["apt-get", "dpkg-deb", "nginx"])
def apt(run):
    """Absolute targets: apt-get takes the proxy for a forward proxy, and asks it for another host."""
    origin = servers.nginx(run)
    package = make_packages(run)
    proxy = run.proxy(origin)
    home = run.folder / "apt"
    for name in ("lists/partial", "archives/partial", "etc"):
        (home / name).mkdir(parents=True)
    (home / "status").touch()
    (home / "sources.list").write_text("deb [trusted=yes] http://packages.example/files/apt ./\n")
    options = {
        "Dir::Etc::sourcelist": home / "sources.list", "Dir::Etc::sourceparts": home / "etc",
        "Dir::Etc::main": "/dev/null", "Dir::Etc::parts": home / "etc", "Dir::State::lists": home / "lists",
        "Dir::State::status": home / "status", "Dir::Cache": home, "Dir::Cache::archives": home / "archives",
        "Acquire::http::Proxy": f"http://127.0.0.1:{proxy.port}", "Acquire::Retries": 0,
        "APT::Sandbox::User": "root", "Acquire::http::Pipeline-Depth": 10,
    }
    given = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
    run.call(["apt-get", *given, "update"])
    run.call(["apt-get", *given, "update"])
    run.call(["apt-get", *given, "download", "pelmeni-test"], cwd=home)
    expect((home / package.name).read_bytes() == package.read_bytes(), "another package")
    # A half that is there is completed with a range.
    half = home / "archives" / "partial" / package.name
    half.write_bytes(package.read_bytes()[:3_000_000])
    run.call(["apt-get", *given, "-y", "--download-only", "install", "pelmeni-test"])
    expect((home / "archives" / package.name).read_bytes() == package.read_bytes(), "another half of a package")

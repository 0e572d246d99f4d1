"""Makes a virtual environment with pinned requirements: install.py FOLDER FILE...

Needs nothing but python3's standard library. Debian's python3 comes without
pip and without ensurepip, so pip itself is fetched here: one wheel, of a pinned
version and hash, from the index that pip would use (PIP_INDEX_URL, else PyPI).
A wheel can be run as it is, and so pip installs itself and then the rest.
"""

import hashlib
import html.parser
import os
import pathlib
import ssl
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
import venv

PIP = "pip-25.3-py3-none-any.whl"
SHA256 = "9655943313a94722b7774661c21049070f6bbb0a1516bf02f7c8d5d9201514cd"


class Links(html.parser.HTMLParser):
    """Collects the addresses on an index page, as PEP 503 has it."""

    def __init__(self):
        super().__init__()
        self.hrefs = []

    def handle_starttag(self, tag, attrs):
        if tag == "a":
            self.hrefs.append(dict(attrs).get("href", ""))


def get(url):
    """Returns the body at url. A user and password in it are sent along."""
    parts = urllib.parse.urlsplit(url)
    opener = [urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=os.environ.get("PIP_CERT")))]
    if parts.username:
        passwords = urllib.request.HTTPPasswordMgrWithPriorAuth()
        url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        user, password = (urllib.parse.unquote(s or "") for s in (parts.username, parts.password))
        passwords.add_password(None, url, user, password, is_authenticated=True)
        opener.append(urllib.request.HTTPBasicAuthHandler(passwords))
    # Some indexes answer JSON unless asked for HTML.
    request = urllib.request.Request(url, headers={"Accept": "text/html, */*;q=0.1"})
    with urllib.request.build_opener(*opener).open(request, timeout=120) as response:
        return response.read()


def pip_wheel():
    index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/") + "/pip/"
    links = Links()
    links.feed(get(index).decode())
    for href in links.hrefs:
        url = urllib.parse.urldefrag(urllib.parse.urljoin(index, href)).url
        if url.endswith("/" + PIP):
            wheel = get(url)
            if hashlib.sha256(wheel).hexdigest() != SHA256:
                sys.exit(f"{PIP} has the wrong sha256; want {SHA256}")
            return wheel
    sys.exit(f"{PIP} is not on the package index; set PIP_INDEX_URL to one that has it")


def main():
    if len(sys.argv) < 3:
        sys.exit("usage: install.py FOLDER REQUIREMENTS...")
    if sys.version_info < (3, 10):
        sys.exit(f"Python {sys.version.split()[0]} is too old for the client suites; they need 3.10 or newer")
    folder = pathlib.Path(sys.argv[1])
    requirements = [arg for file in sys.argv[2:] for arg in ("-r", file)]
    venv.create(folder, clear=True, with_pip=False)
    with tempfile.TemporaryDirectory() as temp:
        wheel = pathlib.Path(temp, PIP)
        wheel.write_bytes(pip_wheel())
        subprocess.run(
            [folder / "bin" / "python", wheel / "pip", "install", "--quiet", "--disable-pip-version-check",
             "--no-input", "--no-cache-dir", "--require-hashes", *requirements],
            check=True,
        )


if __name__ == "__main__":
    main()

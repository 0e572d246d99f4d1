"""Makes a virtual environment with pinned requirements: install.py FOLDER FILE...

Needs nothing but python3's standard library. Debian's python3 comes without
pip and without ensurepip, so pip's own wheel lies beside this file. A wheel can
be run as it is; it installs the requirements from the index that it is
configured for.
"""

import pathlib
import subprocess
import sys
import venv

PIP = pathlib.Path(__file__).with_name("pip-25.3-py3-none-any.whl")


def main():
    if len(sys.argv) < 3:
        sys.exit("usage: install.py FOLDER REQUIREMENTS...")
    if sys.version_info < (3, 10):
        sys.exit(f"Python {sys.version.split()[0]} is too old for the client suites; they need 3.10 or newer")
    folder = pathlib.Path(sys.argv[1])
    requirements = [arg for file in sys.argv[2:] for arg in ("-r", file)]
    venv.create(folder, clear=True, with_pip=False)
    subprocess.run(
        [folder / "bin" / "python", PIP / "pip", "install", "--quiet", "--disable-pip-version-check",
         "--no-input", "--no-cache-dir", "--require-hashes", *requirements],
        check=True,
    )


if __name__ == "__main__":
    main()

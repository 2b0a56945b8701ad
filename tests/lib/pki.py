"""Certificates for tests, made with openssl(1): a CA and what it signs, each in one PEM file."""

import pathlib
import subprocess


def _openssl(*arguments, text=None):
    subprocess.run(["openssl", *map(str, arguments)], input=text, text=True, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def _key(path):
    _openssl("genpkey", "-quiet", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-out", path)


class Authority:
    """A CA in `directory`; `cert` is its certificate."""

    def __init__(self, directory, name="ca"):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(exist_ok=True)
        self.name = name
        self.key = self.directory / f"{name}.key"
        self.cert = self.directory / f"{name}.crt"
        _key(self.key)
        _openssl("req", "-x509", "-new", "-key", self.key, "-days", 30, "-subj", f"/CN={name}",
                 "-addext", "basicConstraints=critical,CA:TRUE", "-out", self.cert)

    def sign(self, name, subject=None, alternatives="", days=30):
        """A key and its certificate in one file."""
        key = self.directory / f"{name}.key"
        request = self.directory / f"{name}.csr"
        cert = self.directory / f"{name}.crt"
        both = self.directory / f"{name}.pem"
        extensions = self.directory / f"{name}.ext"
        _key(key)
        _openssl("req", "-new", "-key", key, "-subj", subject or f"/CN={name}", "-out", request)
        extensions.write_text("basicConstraints=CA:FALSE\n" + (
            f"subjectAltName={alternatives}\n" if alternatives else ""))
        _openssl("x509", "-req", "-in", request, "-CA", self.cert, "-CAkey", self.key,
                 "-CAcreateserial", "-days", days, "-extfile", extensions, "-out", cert)
        both.write_text(cert.read_text() + key.read_text())
        return both


def self_signed(directory, name):
    key, cert = pathlib.Path(directory) / f"{name}.key", pathlib.Path(directory) / f"{name}.crt"
    both = pathlib.Path(directory) / f"{name}.pem"
    _key(key)
    _openssl("req", "-x509", "-new", "-key", key, "-days", 30, "-subj", f"/CN={name}",
             "-out", cert)
    both.write_text(cert.read_text() + key.read_text())
    return both


def fingerprint(pem, digest="sha256"):
    """As openssl prints it: AB:CD:…"""
    out = subprocess.run(["openssl", "x509", "-in", str(pem), "-noout", "-fingerprint",
                          f"-{digest}"], text=True, check=True, stdout=subprocess.PIPE).stdout
    return out.strip().split("=")[1]

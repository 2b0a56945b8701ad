"""What vnmcd has written, read back."""


def equal(got, want, what):
    assert got == want, f"{what}: {str(got)[:300]}, must be {str(want)[:300]}"


def frames(data):
    """Protobuf messages, each behind its length as a varint."""
    at = 0
    while at < len(data):
        n = shift = 0
        while True:
            octet = data[at]
            n |= (octet & 127) << shift
            at, shift = at + 1, shift + 7
            if octet < 128:
                break
        assert at + n <= len(data), "the last message is cut short"
        yield data[at:at + n]
        at += n

"""Takes a picture in on standard input and gives it out on standard output, drawn anew: no EXIF, no place, no tail.

Run as a program of its own, with the picture's type and the bytes it may have as its arguments: it gets no environment,
little memory and a few seconds. Whatever a hostile picture makes of the decoder, there is nothing in here to steal and
nothing left to hold up.
"""

from __future__ import annotations

import io
import resource
import sys
import warnings

PIXELS_MAX = 40_000_000
"""More than any telephone's camera takes for a message; 50,000 x 50,000 is a bomb."""
MEMORY_BYTES_MAX = 1024**3
CPU_SECONDS_MAX = 10
QUALITIES = (90, 80, 70)
"""Of a JPEG, the best first: a worse one only where the picture may not have so many bytes."""
SHRINKS_MAX = 6
FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
REFUSED = 3
"""The exit code for what is no picture, or too large a one."""


def cleaned(content: bytes, content_type: str, bytes_max: int = 0) -> bytes:
    """The picture's pixels, upright, and nothing else; fewer of them where it would have more bytes than ``bytes_max``
    (0: however many). Raises ValueError or OSError when it cannot be read."""
    from PIL import Image, ImageOps

    form = FORMATS[content_type]
    with warnings.catch_warnings(), Image.open(io.BytesIO(content), formats=[form]) as picture:
        warnings.simplefilter("ignore")
        if picture.width * picture.height > PIXELS_MAX:
            raise ValueError("too many pixels")
        upright = ImageOps.exif_transpose(picture)
        bare = upright.convert("RGBA" if form != "JPEG" and upright.has_transparency_data else "RGB")
        bare.info.clear()
        for _ in range(SHRINKS_MAX):
            for quality in QUALITIES if form == "JPEG" else QUALITIES[:1]:
                out = io.BytesIO()
                bare.save(out, form, quality=quality)
                if not 0 < bytes_max < out.tell():
                    return out.getvalue()
            bare.thumbnail((bare.width * 3 // 4, bare.height * 3 // 4))
    raise ValueError("too many bytes")


def main() -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS_MAX, CPU_SECONDS_MAX))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    # It may write nothing but its answer: no file grows.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        sys.stdout.buffer.write(cleaned(sys.stdin.buffer.read(), sys.argv[1], int(sys.argv[2])))
    except (ValueError, OSError, SyntaxError, MemoryError):
        # Pillow raises SyntaxError for some broken pictures.
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())

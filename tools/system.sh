#!/bin/sh
# Debian packages that some tests drive as outside programs. Without root and apt their tests skip and say so.
set -eu
want=""
command -v chromium >/dev/null 2>&1 || want="$want chromium"
command -v octave >/dev/null 2>&1 || want="$want octave"
command -v bwrap >/dev/null 2>&1 || want="$want bubblewrap"
command -v tesseract >/dev/null 2>&1 || want="$want tesseract-ocr"
command -v pdftotext >/dev/null 2>&1 || want="$want poppler-utils"
[ -n "$want" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $want >/dev/null
else
    echo "not installed, their tests will be skipped:$want"
fi

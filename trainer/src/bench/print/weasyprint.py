"""Renders an HTML page with WeasyPrint again and again, and says as JSON how long each time took."""

import io
import json
import sys
import time

import weasyprint

page, rounds = open(sys.argv[1], encoding="utf-8").read(), int(sys.argv[2])


def render():
    document = weasyprint.HTML(string=page).render()
    file = io.BytesIO()
    document.write_pdf(file)
    return len(document.pages), len(file.getvalue())


render()
seconds = []
for _ in range(rounds):
    began = time.perf_counter()
    pages, size = render()
    seconds.append(time.perf_counter() - began)
print(json.dumps({"version": weasyprint.__version__, "seconds": seconds, "pages": pages, "bytes": size}))

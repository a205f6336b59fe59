from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from assistant.library import ParsedDocument

SOURCE = """---
title: "VPN guide"
owner: IT
---
# Set up

Open the **portal**, see [the form](https://intra.example/form) or
<https://intra.example> and `qm`.

1. Install
   the client.
2. Restart
   - twice
- [local](other.md)

| Site | Gateway |
|------|---------|
| Graz | gw-1 |

```
ssh  host
```

Next
----
<!-- hidden --><b>Done</b>
"""


def test_marks_are_gone_and_structure_is_kept(
    read: Callable[..., ParsedDocument], write: Callable[[str, str | bytes], Path]
) -> None:
    document = read(write("vpn.md", SOURCE))
    assert document.title == "VPN guide"
    assert [(heading.level, heading.text) for heading in document.headings] == [(1, "Set up"), (2, "Next")]
    assert document.text == (
        "Set up\n\nOpen the portal, see the form (https://intra.example/form) or\nhttps://intra.example and qm.\n\n"
        "1. Install\nthe client.\n2. Restart\n- twice\n\n- local\n\nSite: Graz; Gateway: gw-1\n\nssh host\n\n"
        "Next\n\nDone"
    )


def test_the_first_heading_is_the_title_without_front_matter(
    read: Callable[..., ParsedDocument], write: Callable[[str, str | bytes], Path]
) -> None:
    assert read(write("note.md", "# Printing\n\nHold the badge.")).title == "Printing"

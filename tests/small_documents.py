"""Three small documents of an invented company: a PDF with pages, a text with steps, a table."""

from __future__ import annotations

from pathlib import Path

PAGES = {
    "Booking a journey": [
        "Journeys are booked in the travel portal at least seven days before departure.",
        "The train is preferred for journeys of less than five hours.",
    ],
    "Hotels and meals": [
        "A hotel room in Vienna may cost up to 145 euros a night including breakfast.",
        "The daily meal allowance in Austria is 38 euros.",
    ],
    "Claiming expenses": [
        "Receipts are handed in within 30 days after the journey ends.",
        "Claims are paid out with the next salary.",
    ],
}
WIFI = """# Guest wireless network

Guests use the network named Northwind-Guest.

## Giving a guest access

1. Open the reception portal.
2. Choose "New guest" and type the guest's name.
3. Print the voucher, which is valid for 24 hours.
"""
CONTACTS = "Site,Contact,Extension\nVienna,Ida Berger,4410\nLeeds,Tom Hale,7725\n"


def write_documents(folder: Path) -> Path:
    """Write the documents into ``folder`` and return it."""
    write_pdf(folder / "Travel Policy.pdf", PAGES)
    (folder / "Guest Wireless.md").write_text(WIFI)
    (folder / "Site Contacts.csv").write_text(CONTACTS)
    return folder


def write_pdf(path: Path, pages: dict[str, list[str]]) -> None:
    """Write a PDF with one heading and its sentences on each page."""
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(path), pagesize=A4)
    for heading, sentences in pages.items():
        canvas.setFont("Helvetica-Bold", 16)
        canvas.drawString(72, 760, heading)
        canvas.setFont("Helvetica", 11)
        for line, sentence in enumerate(sentences):
            canvas.drawString(72, 720 - 18 * line, sentence)
        canvas.showPage()
    canvas.save()

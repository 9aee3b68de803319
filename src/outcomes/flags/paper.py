"""The page as PDF, for who needs a file to print or to attach; made without a network."""

from __future__ import annotations

from typing import Final

from outcomes.errors import ConfigError

MISSING: Final = "PDF pages need the extra: pip install 'outcomes[pdf]' (weasyprint); or print the HTML page"


class Refusal:
    """Fetches nothing, whatever a page asks for; weasyprint then leaves the thing out.

    Examples
    --------
    >>> Refusal()("https://example.org")
    Traceback (most recent call last):
    ValueError: nothing is fetched (19 letters were asked for)
    """

    _fail_on_errors = False  # weasyprint asks its fetcher whether a refusal ends the page

    def __call__(self, url: str, *_: object, **__: object) -> dict[str, str]:
        """Refuse; the address is not quoted, because it may hold anything.

        Parameters
        ----------
        url
            What was asked for.

        Returns
        -------
        dict
            Never.

        Raises
        ------
        ValueError
            Always.
        """
        raise ValueError(f"nothing is fetched ({len(url)} letters were asked for)")


def pdf(page: str, *, made: str = "") -> bytes:
    """Set one of the HTML pages on A4.

    Parameters
    ----------
    page
        From `page.caseload_page`, `page.patient_page` or `page.duty_page`.
    made
        What identifies the file among others (a hash of its content if empty), so that the same page gives the same
        bytes.

    Returns
    -------
    bytes
        A PDF; headings are its bookmarks, and it is tagged for screen readers (PDF/UA-1).

    Raises
    ------
    ConfigError
        If the extra is not installed.
    """
    try:
        from weasyprint import HTML  # noqa: PLC0415  the extra; slow to import
    except ImportError:
        raise ConfigError(MISSING) from None
    document = HTML(string=page, url_fetcher=Refusal(), media_type="print")
    content: bytes = document.write_pdf(pdf_identifier=(made or str(len(page))).encode(), pdf_variant="pdf/ua-1")
    return content

"""What does a rule of intake mean, and what is to be done about a row that breaks it? Words for a data manager."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

MEANINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "adds_nothing": "everything in the row was said before",
        "bad_quotes": "quotation marks that do not pair",
        "cell_too_long": "a cell longer than any declared column can be",
        "column_twice": "a declared column stands twice in the header",
        "column_type": "a Parquet column has a type that cannot be read as text",
        "compression_ratio": "the file grows more than compressed text does",
        "contact_after_discharge": "a contact later than the end of its referral",
        "contradicts_another_row": "two rows of one key differ and no declared version says which is newer",
        "date_before_referral": "dated before the referral was received",
        "date_in_future": "dated after the extract or after today",
        "date_malformed": "not a date in the declared format",
        "date_too_early": "dated before 1900",
        "declared_missing": "a code declared to mean missing",
        "discharge_before_receipt": "closed before it was received",
        "drop_decimal_point_zero": "'.0' behind a whole number, removed",
        "drop_dots": "a dot inside a code, removed",
        "earlier_row_released": "a row of an earlier file that could not be used until now",
        "earlier_row_withdrawn": "a row of an earlier file that this feed contradicts",
        "drop_leading_zeros": "a zero before a code, removed",
        "empty_sitting": "accepted although no question is answered",
        "encoding": "not text in the declared encoding",
        "episode_not_stated": "no episode stated, and the person has several referrals",
        "file_not_found": "no file there",
        "file_too_large": "larger than the cap",
        "erased_person": "a person who was erased and stays forgotten; the row is turned away",
        "fractional_total": "a total that is not a whole number, kept as recorded",
        "gzip_damaged": "a compressed file that ends early or is damaged",
        "id_control_character": "an identifier with a control character",
        "id_padding": "an identifier with blanks around it: neither merged nor split",
        "id_too_long": "an identifier longer than any can be",
        "missing_column": "a column that the table needs is not in the file",
        "no_answer_column": "no column of any known instrument",
        "no_declared_column": "none of the declared columns is in the file",
        "no_header": "no readable first line with column names",
        "no_referral": "no accepted referral of that person and episode",
        "no_usable_row": "every row is at fault",
        "no_date_or_occasion": "neither date nor day nor number of the occasion",
        "not_a_number": "not a number",
        "not_an_integer": "not a whole number",
        "nul_byte": "a NUL byte, so not a text file",
        "out_of_range": "outside the legal values",
        "required_blank": "blank where a value is needed",
        "restore_lost_zero": "a zero lost before a code, restored",
        "kept_not_resubmitted": "rows of earlier submissions that this whole submission lacks; they stay",
        "no_longer_submitted": "referrals that this whole submission lacks; nothing is known after their last one",
        "open_no_longer_submitted": "those of them that were never closed: not completed, not open today, not known",
        "safety_answer_set_aside": "safety answers in rows that were set aside; the caseload report lists them",
        "same_row": "the same row again",
        "smaller_refresh": "mostly known rows, and fewer than half of the feed before: is it cut off?",
        "strip_blanks": "blanks around a value, removed",
        "superseded": "a newer version of the row is there",
        "time_left_off": "a time of day behind a date, left off",
        "too_many_columns": "more columns than the cap",
        "total_disagrees_with_items": "the submitted total is not the sum of the items; the items count",
        "truncated_refresh": "a whole submission with fewer than half of the rows of the one before",
        "unclosed_quote": "a quotation mark that is not closed swallows other records",
        "unknown_code": "a code on no list, entered as '?'",
        "unknown_instrument": "a questionnaire that is not known",
        "unknown_item": "a question that the questionnaire does not have",
        "unreadable": "cannot be split into records",
        "upper_case": "a small letter in a code, made a capital",
        "version_column_missing": "a column that orders versions is not in the file",
        "word_malformed": "not a short plain word or code",
        "wrong_number_of_cells": "more or fewer cells than the header has columns",
    }
)
SEND_AGAIN: Final = "send the file again, as it was exported"
CORRECT: Final = "correct the cell in the source system and send the row again"
DECLARE: Final = "correct the declaration of the feed, or the export"
TO_DO: Final[Mapping[str, str]] = MappingProxyType(
    {
        "bad_quotes": SEND_AGAIN,
        "cell_too_long": "look for a quotation mark that is not closed; send the row again",
        "column_twice": DECLARE,
        "column_type": "export the column as text",
        "compression_ratio": "send the file with less compression, or as plain text",
        "contradicts_another_row": "say which is right, or declare the columns that order versions",
        "encoding": "declare the encoding in which the file is written",
        "episode_not_stated": "send the episode with the row",
        "file_not_found": DECLARE,
        "file_too_large": "split the file",
        "gzip_damaged": SEND_AGAIN,
        "id_padding": "send the identifier without blanks around it, or with them everywhere",
        "missing_column": DECLARE,
        "no_answer_column": DECLARE,
        "no_declared_column": DECLARE,
        "no_header": DECLARE,
        "no_referral": "nothing if the referral comes with a later file; else send it",
        "nul_byte": "send the file as text",
        "too_many_columns": "leave out columns that nobody declared",
        "truncated_refresh": "send the whole file, or say that fewer rows are right",
        "unclosed_quote": SEND_AGAIN,
        "unknown_instrument": DECLARE,
        "unknown_item": DECLARE,
        "unreadable": SEND_AGAIN,
        "version_column_missing": DECLARE,
        "wrong_number_of_cells": "look for a delimiter inside a cell; send the row again",
    }
)


def to_do(rule: str) -> str:
    """Say what a data manager can do about a rule that is broken.

    Parameters
    ----------
    rule : str
        Its name.

    Returns
    -------
    str
        One line.

    Examples
    --------
    >>> to_do("out_of_range")
    'correct the cell in the source system and send the row again'
    """
    return TO_DO.get(rule, CORRECT)

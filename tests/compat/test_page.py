"""The page for people shows the tables that the tests go by."""

from tests.compat.page import END, PAGE, START, tables


def test_the_page_shows_the_tables() -> None:
    _, _, rest = PAGE.read_text().partition(START)
    shown, _, _ = rest.partition(END)
    assert shown.strip() == tables().strip(), "run: python -m tests.compat.page"

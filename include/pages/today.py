from include.pages.app import Page

PAGES: tuple[Page, ...] = ()

"""The only door out: disclosure control, tables, figures, words, and the page that holds them."""

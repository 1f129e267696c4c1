"""What a person reads of leagues and scorecards: tables, pages, figures."""

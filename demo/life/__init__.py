"""What happens to people over the days: work, pensions, benefits, marriage, care, custody, death."""

"""The chapters of a study's report: each composes one question's tables, releases them, and says what they mean."""

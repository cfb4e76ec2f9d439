"""Proofs over the platform's IAM documents, with names of which nothing is known but their form.

`patterns` makes formulas of regular expressions, `documents` of IAM documents; `claims` says what
is to be proved of them. The solver is cvc5 (docs/adr/0022).
"""

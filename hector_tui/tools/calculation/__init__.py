"""A calculator for text: exact whole numbers, fractions and decimals, with bounded work.

`tokens` splits the text, `parser` computes while it reads, `arithmetic` is exact and bounded, `functions` names what
may be called, `transcendental` works to 50 digits where no exact answer exists, and `text` writes the result.
"""

"""Formal material: brackets, arithmetic, parity, random strings, planted facts and skills, spelling drills."""

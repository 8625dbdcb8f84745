"""What is concluded from measurements over steps and seeds: pure functions on arrays, frozen dataclasses as results.

One curve:   `onset` (sustained crossings, level crossings, confirmation), `breaks` (maximum acceleration),
             `transitions` (the record of one transition).
Many seeds:  `summary` (curves with intervals), `survival` (median onset), `statistics` (intervals, rates, noise floor),
             `permutation`, `power`, `bootstrap`.
Two arms:    `verdict` (difference, no difference, no verdict), `onset_verdict` (the same for onsets), `interaction`.
"""

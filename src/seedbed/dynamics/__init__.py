"""What is concluded from measurements over steps and seeds: pure functions on arrays, frozen dataclasses as results.

One curve:   `onset` (sustained crossings, level crossings, confirmation), `breaks` (maximum acceleration),
             `change_points`, `curve_shape` (line, power law, ramp or sigmoid), `sharp_rise` (the calibrated test) with
             `autoregression`, `smooth` and `nulls`; `estimators` (all of them together), `transitions` (the record of
             one transition), `variation` (ups and downs), `flags`.
Many curves: `seed_transitions` (records of every run; `run_curve` is what it takes), `families` (many metrics of one
             run), `leads` and `prerequisites` (what comes first), `calibration_tables` on `planted` curves.
Many seeds:  `summary` (curves with intervals), `survival` (median onset), `statistics` (intervals, rates, noise floor),
             `permutation`, `power`, `bootstrap`.
Two arms:    `verdict` (difference, no difference, no verdict), `onset_verdict` (the same for onsets), `interaction`.
"""

"""`make bench`, `make bench-large`: what the operator costs, counted and as ratios within one run.

Nothing is asserted. `standins` plays the controllers that a control plane without nodes lacks,
`stage` starts all processes, `audit` counts requests by the API server's own log, `phases` measures
one size, `growth` makes more at once while `drift` spoils what runs, `restart` starts the operator
again, `thinking` measures its mind alone, `memory` its cache; `report` writes docs/performance.md.
`large` is for thousands of instances; `report_large` writes its page.
"""

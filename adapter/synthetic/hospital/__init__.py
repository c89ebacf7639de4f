"""A hospital that does not exist: the registry's synthetic cases as French hospitals would send them, and other
patients around them who must not be taken.

Each fact of a case is kept; only its spelling changes (codes, sites, dates, references, doubles, withdrawn twins), in
every manner that hospitals were seen to use. Names, addresses and numbers are invented and impossible.

Takes from: canonical, mapping, synthetic cases.  Gives to: demo, cli, tests.
"""

from adapter.synthetic.hospital.population import Population, make_collection, make_dossiers, make_population

__all__ = ["Population", "make_collection", "make_dossiers", "make_population"]

"""The questions that `mapping.check` asks of the mapping files, one room each.

Takes from: conformance, terminology, case.fields, mapping.language.  Gives to: mapping.check.
"""

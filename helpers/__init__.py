"""What the lessons share: data, repeated experiments, instruments and figures.

Models and their mistakes stay in the notebooks.
"""

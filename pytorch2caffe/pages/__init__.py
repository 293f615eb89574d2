"""HTML pages: tables, diagrams and charts from plain data by Jinja2 templates. Knows nothing of networks.

page.py is the place to start: `Page` and what it consists of. diagram.py divides a large diagram into views, layout.py
places their boxes, charts.py draws histograms and lines. The templates, with the style and the script that each page
contains, are in templates/.
"""

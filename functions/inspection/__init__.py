"""A second pair of eyes: a vision model looks at a running print now and then, and speaks when it is sure."""

"""Static proof."""
def check_language(language):
    return []

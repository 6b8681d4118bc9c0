"""The page. Gradio is imported in this room only, and tells nobody that it was."""

import os

# Read by Gradio when it is imported, so it has to be set before.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

"""The programs behind the queues and the API: in AWS Lambda one a function, embedded all in one process."""

import gc
import os

# A start makes 200,000 objects that stay; the collector would look through them again and again, a seventh of
# the time. It goes on when the start is over (`start_early` in functions/shared/aws/bootstrap.py).
if "AWS_LAMBDA_RUNTIME_API" in os.environ:
    gc.disable()

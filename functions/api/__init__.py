"""The REST API and the page for a person: reads what the others stored, decides nothing."""

from pydantic import BaseModel

# FastAPI has a hundred models of OpenAPI's document, which a function hardly ever writes: each is built at
# its first use, and not when it is imported. A quarter of the function's start.
BaseModel.model_config["defer_build"] = True

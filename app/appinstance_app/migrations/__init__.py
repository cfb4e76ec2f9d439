"""The schema's versions, inside the package so that the image can migrate its own database."""
